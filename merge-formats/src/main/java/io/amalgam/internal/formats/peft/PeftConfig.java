package io.amalgam.internal.formats.peft;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.amalgam.error.Problem;
import io.amalgam.internal.formats.huggingface.JsonFiles;
import io.amalgam.internal.lora.LoraModule.Start;
import io.amalgam.internal.lora.PythonPattern;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;
import java.util.stream.StreamSupport;

/** Ranks and scales in {@code adapter_config.json}. */
final class PeftConfig {
    private final int rank;
    private final double alpha;
    private final Map<Pattern, Double> ranks;
    private final Map<Pattern, Double> alphas;
    private final boolean rootScale;
    private final boolean transposed;
    private final TargetParameters parameters;
    private final Start start;

    private PeftConfig(
            int rank,
            double alpha,
            Map<Pattern, Double> ranks,
            Map<Pattern, Double> alphas,
            boolean rootScale,
            boolean transposed,
            TargetParameters parameters,
            Start start) {
        this.rank = rank;
        this.alpha = alpha;
        this.ranks = ranks;
        this.alphas = alphas;
        this.rootScale = rootScale;
        this.transposed = transposed;
        this.parameters = parameters;
        this.start = start;
    }

    /** Reads the settings; what is wrong with them goes to the problems, or is warned about. */
    static PeftConfig read(
            ObjectNode config, Path file, List<Problem> problems, List<Problem> warnings) {
        String type = config.path("peft_type").asText("");
        if (!type.equals("LORA")) {
            problems.add(OtherMethods.bySettings(type, file));
        }
        if (type.equals("LORA")) {
            PeftSettings.check(config, file, problems, warnings);
        }
        List<Problem> found = new ArrayList<>();
        PeftConfig read =
                new PeftConfig(
                        (int) number(config, "r", true, 8, found),
                        number(config, "lora_alpha", false, 8, found),
                        patterns(config, "rank_pattern", true, found),
                        patterns(config, "alpha_pattern", false, found),
                        flag(config, "use_rslora", found),
                        flag(config, "fan_in_fan_out", found),
                        new TargetParameters(names(config, "target_parameters", found)),
                        type.equals("LORA")
                                ? FactorStart.of(config.path("init_lora_weights"), file, problems)
                                : Start.NOTHING);
        // Read where the weights are looked at; told here.
        flag(config, "use_dora", found);
        flag(config, "lora_bias", found);
        if (type.equals("LORA")) {
            found.forEach(p -> problems.add(p.at("'" + file + "'").hint(JsonFiles.DAMAGED)));
        }
        return read;
    }

    private static List<String> names(ObjectNode config, String key, List<Problem> problems) {
        JsonNode list = config.path(key);
        List<String> names = new ArrayList<>();
        list.forEach(name -> names.add(name.asText()));
        boolean texts =
                StreamSupport.stream(list.spliterator(), false).allMatch(JsonNode::isTextual);
        if (!isNothing(list) && !(list.isArray() && texts)) {
            problems.add(
                    Problem.expected("'" + key + "'", "a list of names", JsonFiles.describe(list)));
        }
        return names;
    }

    private static boolean isNothing(JsonNode value) {
        return value.isMissingNode() || value.isNull();
    }

    /** A setting that is on or off; off where it is not there. */
    static boolean flag(ObjectNode config, String key, List<Problem> problems) {
        JsonNode value = config.path(key);
        if (!isNothing(value) && !value.isBoolean() && !value.isInt()) {
            problems.add(
                    Problem.expected("'" + key + "'", "true or false", JsonFiles.describe(value)));
        }
        return value.asBoolean(false);
    }

    private static double number(
            ObjectNode config, String key, boolean rank, double otherwise, List<Problem> problems) {
        JsonNode value = config.path(key);
        if (value.isMissingNode()) {
            return otherwise;
        }
        check("'" + key + "'", value, rank, problems);
        return value.asDouble(otherwise);
    }

    private static void check(String what, JsonNode value, boolean rank, List<Problem> problems) {
        double number = value.doubleValue();
        boolean fits =
                value.isNumber()
                        && Double.isFinite(number)
                        && (!rank || (number > 0 && number == (int) number));
        if (!fits) {
            problems.add(
                    Problem.expected(
                            what,
                            rank ? "a whole number above 0" : "a finite number",
                            JsonFiles.describe(value)));
        }
    }

    private static Map<Pattern, Double> patterns(
            ObjectNode config, String key, boolean rank, List<Problem> problems) {
        Map<Pattern, Double> patterns = new LinkedHashMap<>();
        JsonNode all = config.path(key);
        if (!isNothing(all) && !all.isObject()) {
            problems.add(
                    Problem.expected(
                            "'" + key + "'",
                            "an object of numbers by pattern",
                            JsonFiles.describe(all)));
        }
        for (Map.Entry<String, JsonNode> entry : all.properties()) {
            check("'" + entry.getKey() + "' of '" + key + "'", entry.getValue(), rank, problems);
            try {
                // A name ends with the pattern, which begins it or follows a dot.
                Pattern pattern = PythonPattern.compile("(.*\\.)?(" + entry.getKey() + ")");
                patterns.put(pattern, entry.getValue().asDouble());
            } catch (PatternSyntaxException e) {
                problems.add(
                        Problem.expected(
                                "key of '" + key + "'",
                                "a regular expression",
                                "'" + entry.getKey() + "'"));
            }
        }
        return patterns;
    }

    private static double value(Map<Pattern, Double> patterns, String module, double otherwise) {
        for (Map.Entry<Pattern, Double> entry : patterns.entrySet()) {
            if (entry.getKey().matcher(module).matches()) {
                return entry.getValue();
            }
        }
        return otherwise;
    }

    int rank(String module) {
        return (int) value(ranks, module, rank);
    }

    double alpha(String module) {
        return value(alphas, module, alpha);
    }

    /** What {@code B A} is multiplied by. */
    double scale(double alphaOfModule, int rankOfModule) {
        return alphaOfModule / (rootScale ? Math.sqrt(rankOfModule) : rankOfModule);
    }

    /** What was taken out of the base before training. */
    Start start() {
        return start;
    }

    /** Whether the base's weights are stored as {@code in x out}. */
    boolean transposed() {
        return transposed;
    }

    /** Which parameters of modules have factors of their own. */
    TargetParameters parameters() {
        return parameters;
    }
}
