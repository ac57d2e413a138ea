package io.amalgam.internal.method.builtin;

import io.amalgam.error.BadInputException;
import io.amalgam.error.Problem;
import io.amalgam.method.Block;
import io.amalgam.method.MergeMethod;
import io.amalgam.method.MethodInfo;
import io.amalgam.method.ParameterSpec;
import io.amalgam.method.ParameterSpec.Scope;
import io.amalgam.method.TensorCall;
import io.amalgam.method.TensorStep;
import java.util.Arrays;
import java.util.List;

/**
 * Means of each element's values without the smallest and the largest; with all but the middle
 * dropped, the median. Values are added in float32 from the smallest to the largest, as {@link
 * Linear} adds, so the order of the models does not matter.
 *
 * <p>Yin et al. 2018, "Byzantine-Robust Distributed Learning: Towards Optimal Statistical Rates",
 * <a href="https://arxiv.org/abs/1803.01498">arXiv 1803.01498</a>.
 */
public final class TrimmedMean implements MergeMethod {
    private static final MethodInfo.Paper PAPER =
            new MethodInfo.Paper(
                    "Byzantine-Robust Distributed Learning", "https://arxiv.org/abs/1803.01498");

    private final MethodInfo info;
    private final boolean median;

    private TrimmedMean(
            String name,
            String summary,
            String formula,
            List<ParameterSpec> parameters,
            boolean median) {
        this.info =
                new MethodInfo(
                        name,
                        summary,
                        formula,
                        MethodInfo.Base.ORDINARY,
                        1,
                        Integer.MAX_VALUE,
                        parameters,
                        PAPER,
                        "one pass, nothing held");
        this.median = median;
    }

    /** The methods of this family. */
    public static List<MergeMethod> family() {
        return List.of(
                new TrimmedMean(
                        "coordinate_median",
                        "median of the models, element by element",
                        "median(x_i), of an even number the mean of the two in the middle",
                        List.of(),
                        true),
                new TrimmedMean(
                        "trimmed_mean",
                        "mean of the models without the smallest and largest, element by element",
                        "mean of the x_i but the 'trim' smallest and the 'trim' largest",
                        List.of(
                                ParameterSpec.number(
                                        "trim",
                                        Scope.SHARED,
                                        1,
                                        "models dropped on each side; below 1, a share of the models, rounded down")),
                        false));
    }

    @Override
    public MethodInfo info() {
        return info;
    }

    @Override
    public TensorStep bind(TensorCall call) {
        int models = call.models().size();
        int trim = median ? (models - 1) / 2 : trim(call, models);
        return models == 1
                ? new TensorStep.Copy(0)
                : (TensorStep.Combine) (in, out) -> mean(in, sorted(in, models), trim, models, out);
    }

    private static int trim(TensorCall call, int models) {
        double trim = call.number("trim");
        // 0.29 of 100 is 29, whatever binary fractions make of it.
        double dropped = trim < 1 ? Math.floor(trim * models + 1e-9) : trim;
        if (trim < 0 || dropped != Math.rint(dropped)) {
            throw new BadInputException(
                    Problem.expected(
                                    "parameter 'trim'",
                                    "a number of models, or a share from 0 to below 0.5",
                                    trim)
                            .hint(
                                    "1 drops the smallest and the largest, 0.1 a tenth on each side"));
        }
        if (models > 1 && 2 * dropped >= models) {
            throw new BadInputException(
                    Problem.expected(
                                    "models of tensor '" + call.output().name() + "'",
                                    "more than 'trim' drops on both sides, " + (long) (2 * dropped),
                                    models)
                            .ofTensor()
                            .hint("lower 'trim', or add models"));
        }
        return (int) dropped;
    }

    /** The models' values, each element's in ascending order, by an odd-even transposition sort. */
    private static float[][] sorted(Block in, int models) {
        float[][] x = in.scratchGroup(models);
        for (int m = 0; m < models; m++) {
            System.arraycopy(in.input(m), 0, x[m], 0, in.length());
        }
        for (int round = 0; round < models; round++) {
            for (int m = round % 2; m + 1 < models; m += 2) {
                order(x[m], x[m + 1], in.length());
            }
        }
        return x;
    }

    private static void order(float[] a, float[] b, int n) {
        for (int i = 0; i < n; i++) {
            float low = Math.min(a[i], b[i]);
            float high = Math.max(a[i], b[i]);
            a[i] = low;
            b[i] = high;
        }
    }

    private static void mean(Block in, float[][] x, int trim, int models, float[] out) {
        int n = in.length();
        float[][] kept = Arrays.copyOfRange(x, trim, models - trim);
        if (kept.length == 1) {
            System.arraycopy(kept[0], 0, out, 0, n);
            return;
        }
        // Halves are added, not a sum halved: what two models have in common cannot overflow.
        boolean two = kept.length == 2;
        float[] weights = new float[kept.length];
        Arrays.fill(weights, two ? 0.5f : 1);
        in.kernels().weightedSum(kept, weights, kept.length, two ? 1 : kept.length, out, n);
        between(kept[0], kept[kept.length - 1], out, n);
    }

    /** A mean lies between the smallest and the largest, whatever rounding makes of it. */
    private static void between(float[] low, float[] high, float[] out, int n) {
        for (int i = 0; i < n; i++) {
            out[i] = Math.max(low[i], Math.min(high[i], out[i]));
        }
    }
}
