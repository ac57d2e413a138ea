package io.amalgam.internal.formats.peft;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.amalgam.error.Problem;
import io.amalgam.internal.formats.huggingface.JsonFiles;
import io.amalgam.internal.lora.LoraModule.Start;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;

/** What {@code adapter_config.json} says of ranks and scales. */
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
                        (int) number(config, "r", 8, found),
                        number(config, "lora_alpha", 8, found),
                        patterns(config, "rank_pattern", found),
                        patterns(config, "alpha_pattern", found),
                        config.path("use_rslora").asBoolean(false),
                        config.path("fan_in_fan_out").asBoolean(false),
                        new TargetParameters(names(config.path("target_parameters"))),
                        type.equals("LORA")
                                ? FactorStart.of(config.path("init_lora_weights"), file, problems)
                                : Start.NOTHING);
        if (type.equals("LORA")) {
            found.forEach(p -> problems.add(p.at("'" + file + "'").hint(JsonFiles.DAMAGED)));
        }
        return read;
    }

    private static List<String> names(JsonNode list) {
        List<String> names = new ArrayList<>();
        list.forEach(name -> names.add(name.asText()));
        return names;
    }

    private static double number(
            ObjectNode config, String key, double otherwise, List<Problem> problems) {
        JsonNode value = config.path(key);
        if (value.isMissingNode()) {
            return otherwise;
        }
        boolean rank = key.equals("r");
        if (!value.isNumber()
                || !Double.isFinite(value.doubleValue())
                || (rank && !(value.doubleValue() > 0))) {
            problems.add(
                    Problem.expected(
                            "'" + key + "'",
                            rank ? "a number above 0" : "a finite number",
                            JsonFiles.describe(value)));
        }
        return value.asDouble(otherwise);
    }

    private static Map<Pattern, Double> patterns(
            ObjectNode config, String key, List<Problem> problems) {
        Map<Pattern, Double> patterns = new LinkedHashMap<>();
        config.path(key)
                .properties()
                .forEach(
                        entry -> {
                            try {
                                // A name ends with the pattern, which begins it or follows a dot.
                                Pattern pattern =
                                        Pattern.compile("(.*\\.)?(" + entry.getKey() + ")");
                                patterns.put(pattern, entry.getValue().asDouble());
                            } catch (PatternSyntaxException e) {
                                problems.add(
                                        Problem.expected(
                                                "key of '" + key + "'",
                                                "a regular expression",
                                                "'" + entry.getKey() + "'"));
                            }
                        });
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
