package io.amalgam.cli;

import io.amalgam.error.Problem;
import java.util.LinkedHashMap;
import java.util.Map;

/** The library speaks of its own settings; the command line calls them by its options. */
final class OptionWords {
    private static final Map<String, String> OPTIONS = options();

    private OptionWords() {}

    private static Map<String, String> options() {
        Map<String, String> options = new LinkedHashMap<>();
        options.put("EngineOptions.overwrite(true)", "--overwrite");
        options.put("EngineOptions.resume(true)", "--resume");
        options.put("EngineOptions.allowNonfinite(true)", "--allow-nonfinite");
        options.put("EngineOptions.memory", "--memory");
        options.put("EngineOptions.threads", "-j");
        options.put("CombineOptions.On.DELTAS", "--on deltas");
        options.put("CombineOptions.density", "--density");
        options.put("CombineOptions.parameters", "--parameter");
        options.put("ExtractOptions.include and exclude", "--include and --exclude");
        options.put("ExtractOptions.rank or energy", "--rank or --energy");
        options.put("TensorSet.UNION", "--tensor-union");
        options.put("TensorSet.INTERSECTION", "--tensor-intersection");
        options.put(
                "set MoePlanner.equalPrompts(true)",
                "give --i-understand-this-is-not-useful-without-training");
        return options;
    }

    /** A message or a part of one in the words of the command line. */
    static String of(String text) {
        String words = text;
        for (Map.Entry<String, String> option : OPTIONS.entrySet()) {
            words = words.replace(option.getKey(), option.getValue());
        }
        return words;
    }

    static Problem of(Problem problem) {
        return problem.withWhat(of(problem.what())).hint(of(problem.hint()));
    }
}
