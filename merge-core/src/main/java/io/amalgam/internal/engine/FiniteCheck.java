package io.amalgam.internal.engine;

import io.amalgam.checkpoint.TensorSource;
import io.amalgam.error.BadInputException;
import io.amalgam.error.Problem;
import io.amalgam.internal.encoding.TensorEncoding;
import io.amalgam.kernel.Kernels;
import io.amalgam.method.TensorCall;
import io.amalgam.plan.TensorTask;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Optional;

/** Refuses NaN and infinities, in what is merged and in what comes of it. Without state. */
public final class FiniteCheck {
    private FiniteCheck() {}

    /**
     * @param values the tensor's whole inputs, row-major, in the order of the task's sources
     * @throws BadInputException with the tensor, the model and the element of the first that is NaN
     *     or infinite
     */
    public static void inputs(TensorTask task, List<float[]> values, Kernels kernels) {
        for (int i = 0; i < values.size(); i++) {
            float[] x = values.get(i);
            if (!kernels.allFinite(x, 0, x.length)) {
                throw input(task, i, 0, x, 0, x.length);
            }
        }
    }

    /**
     * What is said of an input that has such a number among {@code n} from {@code at} on.
     *
     * @param from the element of the tensor that is at {@code at}
     */
    static BadInputException input(
            TensorTask task, int input, long from, float[] x, int at, int n) {
        int bad = 0;
        while (bad < n && Float.isFinite(x[at + bad])) {
            bad++;
        }
        Optional<Problem> part = part(task.sources().get(input));
        if (part.isPresent()) {
            return new BadInputException(
                    part.get()
                            .hint(
                                    "the adapter is damaged; give EngineOptions.allowNonfinite(true) to merge it all the same"));
        }
        boolean statistic = task.call().inputs().get(input).role() == TensorCall.Role.STATISTIC;
        return new BadInputException(
                Problem.expected(
                                (statistic ? "statistic '" : "tensor '")
                                        + task.sources().get(input).info().name()
                                        + "' of model '"
                                        + task.call().inputs().get(input).model()
                                        + "'",
                                "finite numbers",
                                x[at + bad] + " at element " + (from + bad))
                        .hint(
                                (statistic ? "the statistics are" : "the model is")
                                        + " damaged; give EngineOptions.allowNonfinite(true) to merge it all the same"));
    }

    private static Optional<Problem> part(TensorSource source) {
        try {
            return source.damagedPart();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /**
     * @param from the element of the output that is first in {@code src}
     * @throws BadInputException with the tensor and the first of {@code n} elements that is NaN or
     *     larger than the output's type can hold
     */
    public static void result(TensorTask task, long from, float[] src, int n, Kernels kernels) {
        float largest = TensorEncoding.of(task.output().dtype()).largest();
        if (largest == Float.MAX_VALUE && kernels.allFinite(src, 0, n)) {
            return;
        }
        for (int i = 0; i < n; i++) {
            if (!(Math.abs(src[i]) <= largest)) {
                throw new BadInputException(
                        Problem.expected(
                                        "merged tensor '" + task.output().name() + "'",
                                        "numbers that " + task.output().dtype() + " can hold",
                                        src[i] + " at element " + (from + i))
                                .hint(
                                        "check the weights, choose another 'out_dtype', or give EngineOptions.allowNonfinite(true)"));
            }
        }
    }
}
