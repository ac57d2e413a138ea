package io.amalgam.spark;

import io.amalgam.engine.MergeCancelledException;
import io.amalgam.engine.MergeReport;
import io.amalgam.error.BadInputException;
import java.io.IOException;
import java.io.PrintStream;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import org.apache.spark.SparkConf;
import org.apache.spark.SparkContext;

/**
 * The class to submit: {@code spark-submit --class io.amalgam.spark.SparkMergeMain merge-spark.jar
 * RECIPE OUT}. Says on standard error what it does, and ends with 0, or as the command {@code
 * amalgam} does: 1 failed, 2 usage, 3 bad input. Runs in the thread that calls it.
 */
public final class SparkMergeMain {
    private static final int FAILED = 1;
    private static final int USAGE = 2;
    private static final int BAD_INPUT = 3;

    private SparkMergeMain() {}

    public static void main(String[] args) {
        List<SparkContext> begun = new ArrayList<>(1);
        int code =
                run(
                        Arrays.asList(args),
                        System.getenv(),
                        () -> {
                            begun.add(
                                    SparkContext.getOrCreate(
                                            new SparkConf().setAppName("amalgam")));
                            return begun.get(0);
                        },
                        System.err);
        begun.forEach(SparkContext::stop);
        if (code != 0) {
            System.exit(code);
        }
    }

    static int run(
            List<String> words,
            Map<String, String> environment,
            Supplier<SparkContext> context,
            PrintStream says) {
        long begin = System.nanoTime();
        DriverLines lines = new DriverLines(says);
        SubmitArguments arguments;
        try {
            arguments = SubmitArguments.parse(words, environment);
        } catch (IllegalArgumentException e) {
            lines.failed(String.valueOf(e.getMessage()));
            says.print(SubmitArguments.USAGE);
            return USAGE;
        }
        try {
            MergeReport report = arguments.merge(context.get()).listener(lines).run();
            lines.done(report, arguments.out(), (System.nanoTime() - begin) / 1e9);
            return 0;
        } catch (BadInputException e) {
            lines.failed(e.problems());
            return BAD_INPUT;
        } catch (MergeCancelledException e) {
            lines.failed("stopped; submit it again to continue");
            return FAILED;
        } catch (IOException e) {
            lines.failed(e.getMessage() + "; submit it again to continue");
            return FAILED;
        }
    }
}
