package io.amalgam.internal.align;

import io.amalgam.error.BadInputException;
import io.amalgam.error.Problem;
import io.amalgam.error.Suggestions;
import io.amalgam.recipe.ModelRef.Alignment;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * The settings of an alignment.
 *
 * @param permutations a file with them, so that none are searched
 * @param identity all of them as text
 */
record AlignOptions(AlignMethod method, Optional<String> permutations, String identity) {
    static AlignOptions of(Alignment alignment) {
        List<String> names = Arrays.stream(AlignMethod.values()).map(AlignMethod::text).toList();
        AlignMethod method =
                AlignMethod.of(alignment.method())
                        .orElseThrow(
                                () ->
                                        new BadInputException(
                                                Problem.expected(
                                                                "method of an alignment",
                                                                "one of " + names,
                                                                "'" + alignment.method() + "'")
                                                        .at(alignment.location())
                                                        .hint(
                                                                Suggestions.nearest(
                                                                                alignment.method(),
                                                                                names)
                                                                        .map(
                                                                                near ->
                                                                                        "did you mean '"
                                                                                                + near
                                                                                                + "'?")
                                                                        .orElse("choose one"))));
        return new AlignOptions(
                method,
                Optional.ofNullable(alignment.settings().get("permutations")),
                method.text() + alignment.settings());
    }
}
