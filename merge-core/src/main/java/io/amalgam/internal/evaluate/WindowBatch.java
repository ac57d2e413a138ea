package io.amalgam.internal.evaluate;

import io.amalgam.checkpoint.Preparation;
import io.amalgam.internal.evaluate.Measurement.Part;
import java.io.IOException;
import java.util.List;

/**
 * Windows that go through a model together, one batch of several.
 *
 * @param number from 0
 * @param of how many batches there are
 */
record WindowBatch(List<int[]> windows, int number, int of) {
    /** What is done with each batch, one after the other. */
    interface Work {
        void run(WindowBatch batch) throws IOException;
    }

    static void each(List<List<int[]>> batches, Work work) throws IOException {
        for (int number = 0; number < batches.size(); number++) {
            work.run(new WindowBatch(batches.get(number), number, batches.size()));
        }
    }

    /** This batch's sums for some elements of a statistic. */
    Part part(String statistic, long from, double[] sums) {
        return new Part(statistic, from, sums, number == 0, number == of - 1);
    }

    /** Tells the steps of this batch that are done, after those of the batches before it. */
    void progressed(Preparation.Context workers, long done, long steps) {
        workers.progressed(number * steps + done, of * steps);
    }
}
