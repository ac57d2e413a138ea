package io.amalgam.internal.spark;

import io.amalgam.engine.Cancellation;
import io.amalgam.engine.MergeCancelledException;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.IntConsumer;
import java.util.function.ToIntFunction;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.spark.SparkJobInfo;
import org.apache.spark.SparkStageInfo;
import org.apache.spark.api.java.JavaFutureAction;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;

/** Collects an RDD, and is watched and cancelled meanwhile. */
final class WatchedJob<T> {
    private static final long LISTEN_MILLIS = 200;
    private static final long STOP_NANOS = TimeUnit.SECONDS.toNanos(10);

    private static final Pattern LOST_TASK =
            Pattern.compile(".*: Lost task .* \\(.* executor [^)]*\\): (.*)");

    private final JavaSparkContext spark;
    private final JavaFutureAction<List<T>> running;

    /** Starts it. */
    WatchedJob(JavaSparkContext spark, JavaRDD<T> results) {
        this.spark = spark;
        this.running = results.collectAsync();
    }

    /**
     * Waits for the results.
     *
     * @param finished is told from time to time how many tasks have ended, of all stages
     * @throws MergeCancelledException if it was cancelled; then no task writes any more, unless one
     *     did not hear of it for some seconds
     */
    List<T> await(Cancellation cancellation, IntConsumer finished) throws IOException {
        while (true) {
            try {
                return running.get(LISTEN_MILLIS, TimeUnit.MILLISECONDS);
            } catch (TimeoutException e) {
                if (cancellation.isRequested()) {
                    stop();
                    cancellation.throwIfRequested();
                }
                finished.accept(tasks(SparkStageInfo::numCompletedTasks));
            } catch (InterruptedException e) {
                running.cancel(true);
                throw MergeCancelledException.byInterrupt(e);
            } catch (ExecutionException e) {
                throw new IOException("a task failed: " + reason(e), e);
            }
        }
    }

    private int tasks(ToIntFunction<SparkStageInfo> counted) {
        int tasks = 0;
        for (int job : running.jobIds()) {
            SparkJobInfo info = spark.statusTracker().getJobInfo(job);
            for (int stage : info == null ? new int[0] : info.stageIds()) {
                SparkStageInfo known = spark.statusTracker().getStageInfo(stage);
                tasks += known == null ? 0 : counted.applyAsInt(known);
            }
        }
        return tasks;
    }

    private void stop() {
        running.cancel(true);
        try {
            long until = System.nanoTime() + STOP_NANOS;
            while (tasks(SparkStageInfo::numActiveTasks) > 0 && System.nanoTime() < until) {
                Thread.sleep(LISTEN_MILLIS / 4);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** What a task failed of, without what Spark says around it and the trace behind it. */
    static String reason(ExecutionException e) {
        Throwable cause = e.getCause() == null ? e : e.getCause();
        String line = String.valueOf(cause.getMessage()).lines().findFirst().orElse("");
        Matcher lost = LOST_TASK.matcher(line);
        return lost.matches() ? lost.group(1) : line;
    }
}
