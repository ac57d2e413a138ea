package io.amalgam.cli.bench;

import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * A merge to measure.
 *
 * @param inputs files read: the floor it is held against reads as many
 * @param goal times the floor
 * @param slopeGoal the same of the time that a larger model takes more, start aside; 0 for none
 * @param recipe empty for an adapter put into the base; with {@code $DIR} for the folder of the
 *     models and {@code $LAYERS}, {@code $HALF} for layer numbers
 * @param deeper whether models of 32 layers become one of 48; the floor then reads only the bytes
 *     the output needs
 */
public record BenchCase(
        String name, int inputs, double goal, double slopeGoal, String recipe, boolean deeper) {
    BenchCase(String name, int inputs, double goal, double slopeGoal, String recipe) {
        this(name, inputs, goal, slopeGoal, recipe, false);
    }

    /** Measured when asked for: models of their own are made for them. */
    public static final List<BenchCase> DEEPER =
            List.of(
                    new BenchCase("stack", 2, 1.2, 0, slices("base", "tuned-1"), true),
                    new BenchCase("upscale", 1, 1.2, 0, slices("base", "base"), true));

    /** The merges measured unless others are asked for. */
    public static final List<BenchCase> ALL =
            List.of(
                    new BenchCase(
                            "passthrough",
                            2,
                            1.2,
                            0,
                            """
                            merge_method: passthrough
                            slices:
                              - sources: [{model: $DIR/base, layer_range: [0, $HALF]}]
                              - sources: [{model: $DIR/tuned-1, layer_range: [$HALF, $LAYERS]}]
                            """),
                    new BenchCase(
                            "linear",
                            2,
                            1.3,
                            1.1,
                            """
                            merge_method: linear
                            models:
                              - {model: $DIR/tuned-1, parameters: {weight: 0.6}}
                              - {model: $DIR/tuned-2, parameters: {weight: 0.4}}
                            """),
                    new BenchCase(
                            "task_arithmetic", 4, 1.4, 1.1, taskVectors("task_arithmetic", "")),
                    new BenchCase(
                            "slerp",
                            2,
                            1.8,
                            1.6,
                            """
                            merge_method: slerp
                            base_model: $DIR/tuned-1
                            models:
                              - model: $DIR/tuned-1
                              - model: $DIR/tuned-2
                            parameters: {t: 0.35}
                            """),
                    new BenchCase("karcher", 3, 1.8, 1.6, models("karcher", "")),
                    new BenchCase(
                            "model_stock",
                            4,
                            1.8,
                            1.6,
                            models("model_stock", "base_model: $DIR/base\n")),
                    new BenchCase("geometric_median", 3, 1.8, 0, models("geometric_median", "")),
                    new BenchCase("trimmed_mean", 3, 1.8, 0, models("trimmed_mean", "")),
                    new BenchCase(
                            "arcee_fusion",
                            2,
                            4,
                            3,
                            """
                            merge_method: arcee_fusion
                            base_model: $DIR/base
                            models:
                              - model: $DIR/tuned-1
                            """),
                    new BenchCase("ties", 4, 2.5, 2, taskVectors("ties", ", density: 0.5")),
                    new BenchCase(
                            "dare_linear", 4, 2.5, 2, taskVectors("dare_linear", ", density: 0.5")),
                    new BenchCase(
                            "dare_ties", 4, 2.5, 2, taskVectors("dare_ties", ", density: 0.5")),
                    new BenchCase(
                            "breadcrumbs_ties",
                            4,
                            2.5,
                            2,
                            taskVectors("breadcrumbs_ties", ", density: 0.5")),
                    new BenchCase(
                            "sce",
                            4,
                            2.5,
                            3,
                            taskVectors("sce", "") + "parameters: {select_topk: 0.5}\n"),
                    new BenchCase("della", 4, 4, 3, taskVectors("della", ", density: 0.5")),
                    new BenchCase("lora_merge", 2, 2, 0, ""));

    /** The same merge of at most two models beside the base. */
    BenchCase ofTwo() {
        String fewer =
                recipe.lines()
                        .filter(line -> !line.contains("$DIR/tuned-3"))
                        .map(line -> line + "\n")
                        .collect(Collectors.joining());
        int left = fewer.length() < recipe.length() ? inputs - 1 : inputs;
        return new BenchCase(name, left, goal, slopeGoal, fewer, deeper);
    }

    /** Models that must be there. */
    int models() {
        return ofAdapter() ? 1 : deeper ? 2 : recipe.contains("$DIR/tuned-3") ? 4 : 3;
    }

    /** Whether this puts an adapter into the base. */
    boolean ofAdapter() {
        return recipe.isEmpty();
    }

    /** The cases of these names; all but the deeper ones if none are given. */
    static List<BenchCase> chosen(List<String> names) {
        return names.isEmpty()
                ? ALL
                : Stream.concat(ALL.stream(), DEEPER.stream())
                        .filter(known -> names.contains(known.name()))
                        .toList();
    }

    /** What merges with the same floor have in common. */
    String floor() {
        return deeper || ofAdapter() ? name : inputs + " inputs";
    }

    private static String slices(String first, String second) {
        return """
                merge_method: passthrough
                slices:
                  - sources: [{model: $DIR/%s, layer_range: [0, 24]}]
                  - sources: [{model: $DIR/%s, layer_range: [8, 32]}]
                """
                .formatted(first, second);
    }

    private static String models(String method, String base) {
        return """
                merge_method: %s
                %smodels:
                  - model: $DIR/tuned-1
                  - model: $DIR/tuned-2
                  - model: $DIR/tuned-3
                """
                .formatted(method, base);
    }

    private static String taskVectors(String method, String density) {
        return """
                merge_method: %s
                base_model: $DIR/base
                models:
                  - {model: $DIR/tuned-1, parameters: {weight: 0.5%s}}
                  - {model: $DIR/tuned-2, parameters: {weight: 0.3%s}}
                  - {model: $DIR/tuned-3, parameters: {weight: 0.4%s}}
                """
                .formatted(method, density, density, density);
    }

    /** The recipe for models in a folder, computed and written as bfloat16. */
    String recipe(String folder, int layers) {
        return recipe.replace("$DIR", folder)
                        .replace("$LAYERS", Integer.toString(layers))
                        .replace("$HALF", Integer.toString(layers / 2))
                + "dtype: bfloat16\n";
    }
}
