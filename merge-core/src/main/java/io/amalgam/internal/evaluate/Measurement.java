package io.amalgam.internal.evaluate;

import io.amalgam.checkpoint.Preparation;
import io.amalgam.engine.EngineOptions;
import io.amalgam.error.BadInputException;
import io.amalgam.error.Problem;
import io.amalgam.tensor.Shape;
import java.io.IOException;
import java.util.Map;

/** Statistics of a model on a text: means over examples. */
public sealed interface Measurement permits FisherDiagonal, InputGrams {
    /** The statistics and their shapes. */
    Map<String, Shape> measured();

    /** Names of statistics with the values of another. */
    Map<String, String> aliases();

    /** How many examples the means are over: tokens, or windows. */
    long examples();

    /** Tokens that are measured. */
    int tokens();

    /**
     * Runs the model.
     *
     * @throws BadInputException if not even one window fits the memory, or a number is not finite
     */
    void run(EngineOptions options, Preparation.Context workers, Sink sink) throws IOException;

    /** Takes sums over the windows of a batch. */
    @FunctionalInterface
    interface Sink {
        /** Called from several threads; of the batches, one after the other. */
        void add(Part part) throws IOException;
    }

    /**
     * Some elements of a statistic. Sums of all batches, over the examples, are its values; they
     * arrive in the same parts every time.
     *
     * @param from the first element
     */
    record Part(String statistic, long from, double[] sums, boolean first, boolean last) {
        /** What is not finite here is not finite in any merge by it. */
        Part requireFinite(String what) {
            for (double sum : sums) {
                if (!Float.isFinite((float) sum)) {
                    throw new BadInputException(
                            Problem.expected(what, "finite numbers", (float) sum)
                                    .hint("'amalgam check' finds the tensor"));
                }
            }
            return this;
        }
    }
}
