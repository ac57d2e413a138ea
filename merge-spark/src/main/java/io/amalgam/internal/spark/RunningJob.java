package io.amalgam.internal.spark;

import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.spark.SparkJobInfo;
import org.apache.spark.SparkStageInfo;
import org.apache.spark.api.java.JavaSparkContext;

/**
 * An action of Spark in a thread and a job group of its own, so that it can be watched and
 * cancelled while it runs.
 */
final class RunningJob<T> {
    private final JavaSparkContext spark;
    private final String group = "amalgam-" + UUID.randomUUID();
    private final FutureTask<T> result;

    /**
     * Starts it. The thread has the caller's local properties, its pool among them.
     *
     * @param what for Spark's pages
     */
    RunningJob(JavaSparkContext spark, String what, Callable<T> action) {
        this.spark = spark;
        this.result =
                new FutureTask<>(
                        () -> {
                            spark.setJobGroup(group, what);
                            return action.call();
                        });
        Thread thread = new Thread(result, group);
        thread.setDaemon(true);
        thread.start();
    }

    T get(long millis) throws InterruptedException, ExecutionException, TimeoutException {
        return result.get(millis, TimeUnit.MILLISECONDS);
    }

    void cancel() {
        spark.cancelJobGroup(group);
    }

    /** How many of its tasks have ended. */
    int finishedTasks() {
        int finished = 0;
        for (int job : spark.statusTracker().getJobIdsForGroup(group)) {
            SparkJobInfo info = spark.statusTracker().getJobInfo(job);
            for (int stage : info == null ? new int[0] : info.stageIds()) {
                SparkStageInfo known = spark.statusTracker().getStageInfo(stage);
                finished += known == null ? 0 : known.numCompletedTasks();
            }
        }
        return finished;
    }
}
