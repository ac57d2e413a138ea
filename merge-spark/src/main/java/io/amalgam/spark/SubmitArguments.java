package io.amalgam.spark;

import io.amalgam.checkpoint.HubOptions;
import io.amalgam.engine.EngineOptions;
import io.amalgam.plan.PlanOptions;
import java.net.URI;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;
import org.apache.spark.SparkContext;

/** What a merge is submitted with. */
record SubmitArguments(Path recipe, String out, List<Consumer<SparkMerge>> changes) {
    static final String USAGE =
            """
            usage: spark-submit --class io.amalgam.spark.SparkMergeMain merge-spark.jar RECIPE OUT [OPTION...]
              --overwrite          replace a model that is there
              --parts N            tasks that write; default: three for each slot, at most one a file
              --shard-bytes N      size of a file
              --seed N             of random masks
              --strict             warnings of the recipe are errors
              --allow-nonfinite    merge NaN and infinities
              --allow-rescaled     merge models with parameters that readers would scale again
              --hub-cache DIR      names of the hub: from this cache, which all machines share; what is not there is downloaded
            """;

    private interface Change {
        Consumer<SparkMerge> of(String value);
    }

    /**
     * @param environment with what is said of the hub
     * @throws IllegalArgumentException if they make no sense
     */
    static SubmitArguments parse(List<String> words, Map<String, String> environment) {
        List<String> places = new ArrayList<>();
        List<Consumer<SparkMerge>> changes = new ArrayList<>();
        for (int i = 0; i < words.size(); i++) {
            String word = words.get(i);
            if (!word.startsWith("--")) {
                places.add(word);
                continue;
            }
            Optional<Consumer<SparkMerge>> flag = flag(word);
            if (flag.isPresent()) {
                changes.add(flag.get());
                continue;
            }
            Change option = option(word, environment);
            if (i + 1 == words.size()) {
                throw new IllegalArgumentException("option '" + word + "': expected a value");
            }
            changes.add(option.of(words.get(++i)));
        }
        if (places.size() != 2) {
            throw new IllegalArgumentException("expected RECIPE and OUT, got " + places);
        }
        return new SubmitArguments(Path.of(places.get(0)), places.get(1), changes);
    }

    private static Optional<Consumer<SparkMerge>> flag(String word) {
        return switch (word) {
            case "--overwrite" -> engine(options -> options.overwrite(true));
            case "--allow-nonfinite" -> engine(options -> options.allowNonfinite(true));
            case "--allow-rescaled" -> plan(options -> options.allowRescaled(true));
            case "--strict" -> plan(options -> options.strict(true));
            default -> Optional.empty();
        };
    }

    private static Optional<Consumer<SparkMerge>> engine(UnaryOperator<EngineOptions> change) {
        return Optional.of(merge -> merge.engine(change));
    }

    private static Optional<Consumer<SparkMerge>> plan(UnaryOperator<PlanOptions> change) {
        return Optional.of(merge -> merge.plan(change));
    }

    private static Change option(String word, Map<String, String> environment) {
        return switch (word) {
            case "--parts" ->
                    value -> {
                        int count = Math.toIntExact(number(word, value, 1, Integer.MAX_VALUE));
                        return merge -> merge.parts(count);
                    };
            case "--shard-bytes" ->
                    value -> {
                        long bytes = number(word, value, 1, Long.MAX_VALUE);
                        return merge -> merge.plan(options -> options.maxShardBytes(bytes));
                    };
            case "--seed" ->
                    value -> {
                        long seed = number(word, value, Long.MIN_VALUE, Long.MAX_VALUE);
                        return merge -> merge.plan(options -> options.seed(seed));
                    };
            case "--hub-cache" -> value -> merge -> merge.hub(hub(Path.of(value), environment));
            default -> throw new IllegalArgumentException("unknown option '" + word + "'");
        };
    }

    private static HubOptions hub(Path cache, Map<String, String> environment) {
        HubOptions options =
                HubOptions.of(cache).offline("1".equals(environment.get("HF_HUB_OFFLINE")));
        String token = environment.getOrDefault("HF_TOKEN", "").strip();
        return token.isEmpty() ? options : options.token(token);
    }

    private static long number(String option, String value, long least, long most) {
        try {
            long number = Long.parseLong(value);
            if (number >= least && number <= most) {
                return number;
            }
        } catch (NumberFormatException e) {
            // Said below.
        }
        throw new IllegalArgumentException(
                "option '%s': expected a number%s, got '%s'"
                        .formatted(option, least == 1 ? " of at least 1" : "", value));
    }

    /** The merge that is asked for. */
    SparkMerge merge(SparkContext context) {
        SparkMerge merge =
                out.contains(":/")
                        ? SparkMerge.of(context, recipe, URI.create(out))
                        : SparkMerge.of(context, recipe, Path.of(out));
        changes.forEach(change -> change.accept(merge));
        return merge;
    }
}
