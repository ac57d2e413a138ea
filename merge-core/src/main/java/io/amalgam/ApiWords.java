package io.amalgam;

import io.amalgam.error.BadInputException;
import io.amalgam.error.Problem;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Plans speak of recipes; a merge in code has none to write in. */
final class ApiWords {
    private static final Map<String, String> WORDS = words();

    private ApiWords() {}

    private static Map<String, String> words() {
        Map<String, String> words = new LinkedHashMap<>();
        words.put("add 'base_model: <path>'", "call base(...)");
        words.put("'base_model' counts", "base(...) counts");
        words.put(
                "add '([^']*)' under the model's or the recipe's 'parameters'",
                "give Parameter.of(\"$1\", ...) to the model or to with(...)");
        words.put(
                "add '([^']*)' under the model's 'parameters'",
                "give Parameter.of(\"$1\", ...) to the model");
        words.put(
                "add '([^']*)' to the recipe's 'parameters'",
                "give Parameter.of(\"$1\", ...) to with(...)");
        words.put(
                "add '- value: \\.\\.\\.' for all others",
                "add Parameter.otherwise(...) for all others");
        words.put(
                "with 'slices' the base must be a source of every slice",
                "with slice(...) the base must be a source of every slice");
        words.put(
                "add 'tokenizer: \\{source: union\\}' to the recipe.*",
                "merge by a recipe file with a tokenizer section, Merge.recipe(file)");
        return words;
    }

    static BadInputException of(BadInputException e) {
        BadInputException said = new BadInputException(of(e.problems()), of(e.warnings()));
        said.setStackTrace(e.getStackTrace());
        return said;
    }

    private static List<Problem> of(List<Problem> problems) {
        return problems.stream().map(ApiWords::of).toList();
    }

    private static Problem of(Problem problem) {
        String hint = problem.hint();
        for (Map.Entry<String, String> word : WORDS.entrySet()) {
            hint = hint.replaceAll(word.getKey(), word.getValue());
        }
        return problem.hint(hint);
    }
}
