package io.amalgam.spark;

import java.io.IOException;
import java.net.URI;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.apache.spark.SparkConf;
import org.apache.spark.SparkContext;

/**
 * The class to submit: {@code spark-submit --class io.amalgam.spark.SparkMergeMain merge-spark.jar
 * RECIPE OUT [--overwrite] [--parts N] [--shard-bytes N] [--seed N]}.
 */
public final class SparkMergeMain {
    private SparkMergeMain() {}

    public static void main(String[] args) throws IOException {
        List<String> words = Arrays.asList(args);
        if (words.size() < 2) {
            throw new IllegalArgumentException("expected RECIPE and OUT, got " + words);
        }
        SparkContext context = SparkContext.getOrCreate(new SparkConf().setAppName("amalgam"));
        try {
            run(context, words);
        } finally {
            context.stop();
        }
    }

    private static void run(SparkContext context, List<String> words) throws IOException {
        SparkMerge merge = of(context, Path.of(words.get(0)), words.get(1));
        for (int i = 2; i < words.size(); i++) {
            String word = words.get(i);
            if (word.equals("--overwrite")) {
                merge.engine(options -> options.overwrite(true));
                continue;
            }
            if (!List.of("--parts", "--shard-bytes", "--seed").contains(word)
                    || i + 1 == words.size()) {
                throw new IllegalArgumentException("unknown option or no value: '" + word + "'");
            }
            long value = Long.parseLong(words.get(++i));
            switch (word) {
                case "--parts" -> merge.parts(Math.toIntExact(value));
                case "--seed" -> merge.plan(options -> options.seed(value));
                default -> merge.plan(options -> options.maxShardBytes(value));
            }
        }
        merge.run();
    }

    private static SparkMerge of(SparkContext context, Path recipe, String out) {
        return out.contains(":/")
                ? SparkMerge.of(context, recipe, URI.create(out))
                : SparkMerge.of(context, recipe, Path.of(out));
    }
}
