package io.amalgam.internal.recipe.yaml;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.amalgam.error.BadInputException;
import io.amalgam.error.Problem;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** Every message, whole, of the recipes in {@code bad.txt}. */
class BadRecipesTest {
    private static final String CASE = "#### ";
    private static final String MESSAGE = ">>>> ";

    record Case(String name, String recipe, List<String> messages) {}

    static List<Case> cases() {
        List<Case> cases = new ArrayList<>();
        for (String section : Recipes.text("bad.txt").split("(?m)^" + CASE)) {
            if (section.isEmpty()) {
                continue;
            }
            List<String> lines = section.lines().toList();
            StringBuilder recipe = new StringBuilder();
            List<String> messages = new ArrayList<>();
            for (String line : lines.subList(1, lines.size())) {
                if (line.startsWith(MESSAGE)) {
                    messages.add(line.substring(MESSAGE.length()));
                } else {
                    recipe.append(line).append('\n');
                }
            }
            cases.add(new Case(lines.get(0), recipe.toString(), messages));
        }
        return cases;
    }

    @TestFactory
    Stream<DynamicTest> refusedWithTheMessages() {
        return cases().stream()
                .map(bad -> DynamicTest.dynamicTest(bad.name(), () -> assertRefused(bad)));
    }

    private static void assertRefused(Case bad) {
        BadInputException refusal =
                catchThrowableOfType(
                        BadInputException.class, () -> RecipeReader.read(bad.recipe(), "r.yml"));

        assertThat(refusal).as("refusal").isNotNull();
        assertThat(refusal.problems().stream().map(Problem::toString))
                .containsExactlyElementsOf(bad.messages());
    }

    @Test
    void fileHasAllCases() {
        assertThat(cases()).hasSizeGreaterThan(90);
        assertThat(cases()).allSatisfy(bad -> assertThat(bad.messages()).isNotEmpty());
        assertThat(cases().stream().map(Case::name)).doesNotHaveDuplicates();
    }
}
