package io.amalgam.cli.console;

import io.amalgam.error.Problem;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Replaces names of library settings in messages with those of command-line options. */
public final class OptionWords {
    private static final Pattern OPTION = Pattern.compile("option '--[a-z-]+'");
    private static final Map<String, String> OPTIONS = options();

    /** Where a recipe is that a command has made: {@code amalgam average:5:20}. */
    private static final Pattern OWN_RECIPE = Pattern.compile("amalgam [a-z ]+:[0-9]+:[0-9]+");

    private static final Pattern PARAMETER = Pattern.compile("parameter '([a-z]+)'");
    private static final Map<String, String> OWN_PARAMETERS = Map.of("decay", "ema");

    /** What commands that make a recipe cannot do, in the hints of recipes. */
    private static final Map<String, String> OWN_WORDS =
            Map.of(
                    "choose layers with 'slices', or ",
                    "",
                    ", or give TensorSet\\.UNION .*",
                    "; a recipe can also merge those that only some have",
                    " and the recipe's folder",
                    "",
                    "the recipe has ",
                    "there are ",
                    "add 'tokenizer: \\{source: union\\}' to the recipe.*",
                    "merge by a recipe with a tokenizer section");

    private OptionWords() {}

    private static Map<String, String> options() {
        Map<String, String> options = new LinkedHashMap<>();
        options.put("EngineOptions.overwrite(true)", "--overwrite");
        options.put("EngineOptions.resume(true)", "--resume");
        options.put("EngineOptions.allowNonfinite(true)", "--allow-nonfinite");
        options.put("PlanOptions.allowRescaled(true)", "--allow-rescaled");
        options.put("Batch.sweep", "--sweep");
        options.put("GgufOutput.splitting(NAME)", "'amalgam convert --pre NAME'");
        options.put("Search.restart", "--restart");
        options.put("HubSettings.offline", "--offline");
        options.put("set PushTarget.create", "add --create");
        options.put("set PushTarget.replace", "add --yes");
        options.put("HubHeaders.size", "--stream-buffer");
        options.put("EngineOptions.memory", "--memory");
        options.put("EngineOptions.threads", "-j");
        options.put("start Java with -Xmx", "set AMALGAM_JAVA_OPTS=-Xmx");
        options.put("shorter windows: Evaluation.context", "shorter windows with --context");
        options.put("CombineOptions.On.DELTAS", "--on deltas");
        options.put("CombineOptions.density", "--density");
        options.put("CombineOptions.parameters", "--parameter");
        options.put("ExtractOptions.include and exclude", "--include and --exclude");
        options.put("ExtractOptions.rank or energy", "--rank or --energy");
        options.put("DepthUpscaling.copies", "--copies");
        options.put("DepthUpscaling.damp", "--damp");
        options.put("DepthUpscaling.layers", "--layers");
        options.put("DepthUpscaling.overlap", "--overlap");
        options.put("MoeRecipe.every", "--every");
        options.put("MoePlanner.Layout", "--layout");
        options.put("CombineOptions.on", "--on");
        options.put("stack fewer of them", "use 'amalgam stack MODEL:FIRST-LAST ...'");
        options.put("choose a module: ", "choose one with --module: ");
        options.put("TensorSet.UNION", "--tensor-union");
        options.put("TensorSet.INTERSECTION", "--tensor-intersection");
        options.put(
                "set MoePlanner.equalPrompts(true)",
                "give --i-understand-this-is-not-useful-without-training");
        return options;
    }

    /** A message or a part of one in the words of the command line. */
    public static String of(String text) {
        String words = text;
        for (Map.Entry<String, String> option : OPTIONS.entrySet()) {
            words =
                    words.replace(
                            "'" + option.getKey() + "'", "option '" + option.getValue() + "'");
            words = words.replace(option.getKey(), option.getValue());
        }
        return words;
    }

    /** Whether the value of an option is all that is wrong. */
    static boolean isOfOption(Problem problem) {
        return OPTION.matcher(of(problem).what()).matches();
    }

    public static Problem of(Problem problem) {
        Problem said = OWN_RECIPE.matcher(problem.where()).matches() ? ofCommand(problem) : problem;
        return said.withWhat(of(said.what())).hint(of(said.hint()));
    }

    /** Nobody has written the recipe, so that it has no places, and its parameters are options. */
    public static Problem ofCommand(Problem problem) {
        String hint = problem.hint();
        for (Map.Entry<String, String> word : OWN_WORDS.entrySet()) {
            hint = hint.replaceAll(word.getKey(), word.getValue());
        }
        Matcher parameter = PARAMETER.matcher(problem.what());
        String what =
                parameter.matches()
                        ? "option '--"
                                + OWN_PARAMETERS.getOrDefault(
                                        parameter.group(1), parameter.group(1))
                                + "'"
                        : problem.what();
        return problem.withWhat(what).at("").hint(hint);
    }
}
