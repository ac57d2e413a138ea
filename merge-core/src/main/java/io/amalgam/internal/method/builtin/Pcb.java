package io.amalgam.internal.method.builtin;

import io.amalgam.error.BadInputException;
import io.amalgam.error.Problem;
import io.amalgam.internal.method.common.ModelIndex;
import io.amalgam.internal.method.select.OrderStatistics;
import io.amalgam.method.Block;
import io.amalgam.method.MethodInfo;
import io.amalgam.method.ModelPass;
import io.amalgam.method.ParameterSpec;
import io.amalgam.method.TensorCall;
import io.amalgam.method.TensorStep;
import io.amalgam.method.WholeModelMethod;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Parameter competition balancing: scores every element of every task vector by how large it is
 * among its own model's and how far it agrees with the others', drops all but the best {@code
 * ratio}, and averages the rest by their scores.
 *
 * <p>With {@code d_m} the task vectors, {@code n} of them, flattened over the whole model, {@code
 * a_m = |d_m|} clipped to its own 0.0001 quantiles from below and above: {@code p_m = exp(n (norm
 * a_m)^2) tanh(d_m sum d)}, {@code norm} taking the least of a vector to 0 and the largest to 1;
 * {@code s_m = norm(max(p_m, its quantile 1 - ratio))}; {@code out = base + lambda sum(sign(d_m)
 * a_m s_m) / max(sum s_m, 1e-12)}. Quantiles are values of the vector, those of ascending ranks
 * {@code trunc(0.0001 n)}, {@code trunc(0.9999 n) - 1} and {@code trunc((1 - ratio) n)}.
 *
 * <p>Where a model lacks a tensor, its vector is that much shorter, and {@code n} stays.
 *
 * <p>Task vectors and scores {@code p}, as {@code exp(-n) p}, are float32, all between and after is
 * float64, and the result rounded once.
 *
 * <p>These are the definitions of the authors' program (<a
 * href="https://github.com/duguodong7/pcb-merging">pcb-merging.py</a>).
 *
 * <p>Du et al. 2024, "Parameter Competition Balancing for Model Merging", <a
 * href="https://arxiv.org/abs/2410.02396">arXiv 2410.02396</a>.
 */
public final class Pcb implements WholeModelMethod {
    private static final double CLIPPED = 1e-4;

    /** Below it tanh is taken by its series. */
    private static final double SMALL = 0x1p-10;

    private static final double THIRD = 1.0 / 3;

    // Arrays of a block, by number: those of float64, then the one of float32.
    private static final int SUM = 0;
    private static final int SHARES = 1;
    private static final int AGREED = 2;
    private static final int MERGED = 4;
    private static final int WEIGHTS = 5;
    private static final int SCORES = 0;

    private static final MethodInfo INFO =
            new MethodInfo(
                    "pcb",
                    "adds the elements of task vectors that are large and agreed on, by their scores",
                    "base + lambda * sum(clip(d_i) * s_i) / sum(s_i), s_i from exp(n norm(|d_i|)^2) * tanh(d_i sum(d)), the best ratio of each model's",
                    MethodInfo.Base.REQUIRED,
                    0,
                    Integer.MAX_VALUE,
                    List.of(
                            ParameterSpec.number(
                                            "ratio",
                                            ParameterSpec.Scope.SHARED,
                                            0.1,
                                            "share of each task vector that is kept")
                                    .within(0, 1, "0.1 keeps the best tenth"),
                            ParameterSpec.number(
                                    "lambda",
                                    ParameterSpec.Scope.SHARED,
                                    1,
                                    "factor of the merged task vector"),
                            ParameterSpec.text(
                                    "scope",
                                    "model",
                                    "model: elements compete over all tensors; tensor: within each")),
                    new MethodInfo.Paper(
                            "Parameter Competition Balancing for Model Merging",
                            "https://arxiv.org/abs/2410.02396"),
                    "four passes over the whole model, histograms of 1 MiB a model and worker; then one");

    @Override
    public MethodInfo info() {
        return INFO;
    }

    @Override
    public TensorStep bind(TensorCall call) {
        judgesModel(call);
        if (call.models().isEmpty()) {
            return new TensorStep.Copy(call.base());
        }
        return new Scores(List.of(call), new boolean[] {true}).survey().ofOneTensor();
    }

    @Override
    public Optional<ModelPass> survey(List<TensorCall> calls) {
        boolean[] together = new boolean[calls.size()];
        boolean any = false;
        List<TensorCall> judged = new ArrayList<>();
        for (int t = 0; t < together.length; t++) {
            together[t] = judgesModel(calls.get(t)) && !calls.get(t).models().isEmpty();
            any |= together[t];
            if (together[t]) {
                judged.add(calls.get(t));
            }
        }
        if (!any) {
            return Optional.empty();
        }
        ModelIndex.requireOne(judged, "ratio");
        return Optional.of(new Scores(calls, together).survey());
    }

    private static boolean judgesModel(TensorCall call) {
        String word = call.text("scope");
        if (!word.equals("model") && !word.equals("tensor")) {
            throw new BadInputException(
                    Problem.expected("parameter 'scope'", "model or tensor", "'" + word + "'"));
        }
        return word.equals("model");
    }

    /** The limits of each model, found in two searches. */
    private final class Scores {
        private final List<TensorCall> calls;
        private final boolean[] together;
        private final ModelIndex models;
        private final long[] elements;
        private final double ratio;

        Scores(List<TensorCall> calls, boolean[] together) {
            this.calls = List.copyOf(calls);
            this.together = together;
            this.models = ModelIndex.of(calls);
            this.elements = new long[models.count()];
            double kept = 0;
            for (int t = 0; t < together.length; t++) {
                for (int m = 0; m < elements.length && together[t]; m++) {
                    elements[m] += models.input(t, m) < 0 ? 0 : calls.get(t).elements();
                }
                kept = together[t] ? calls.get(t).number("ratio") : kept;
            }
            this.ratio = kept;
        }

        ModelPass survey() {
            List<OrderStatistics.Wanted> wanted = new ArrayList<>();
            for (int m = 0; m < elements.length; m++) {
                if (elements[m] > 0) {
                    long low = (long) (CLIPPED * elements[m]);
                    long high = (long) ((1 - CLIPPED) * elements[m]) - 1;
                    wanted.add(new OrderStatistics.Wanted(m, low));
                    wanted.add(new OrderStatistics.Wanted(m, Math.max(low, high)));
                }
            }
            return OrderStatistics.of(new Columns(null), wanted, 2, this::clipped);
        }

        private ModelPass clipped(List<OrderStatistics.Found> found) {
            float[] lows = new float[elements.length];
            float[] highs = new float[elements.length];
            List<OrderStatistics.Wanted> wanted = new ArrayList<>();
            int at = 0;
            for (int m = 0; m < elements.length; m++) {
                if (elements[m] > 0) {
                    lows[m] = Float.intBitsToFloat(found.get(at++).key());
                    highs[m] = Float.intBitsToFloat(found.get(at++).key());
                    long last = elements[m] - 1;
                    long dropped = Math.min(last, (long) ((1 - ratio) * elements[m]));
                    wanted.add(new OrderStatistics.Wanted(m, dropped));
                    wanted.add(new OrderStatistics.Wanted(m, last));
                }
            }
            int competing = (int) Arrays.stream(elements).filter(own -> own > 0).count();
            Competition competition = new Competition(competing, lows, highs);
            return OrderStatistics.of(
                    new Columns(competition), wanted, 0, scores -> known(competition, scores));
        }

        private ModelPass known(Competition competition, List<OrderStatistics.Found> found) {
            float[] floors = new float[elements.length];
            float[] tops = new float[elements.length];
            int at = 0;
            for (int m = 0; m < elements.length; m++) {
                if (elements[m] > 0) {
                    floors[m] = OrderStatistics.unordered(found.get(at++).key());
                    tops[m] = OrderStatistics.unordered(found.get(at++).key());
                }
            }
            return new ModelPass.Done(
                    t ->
                            together[t]
                                    ? new Balance(
                                            calls.get(t),
                                            calls.get(t).models(),
                                            models.of()[t],
                                            competition,
                                            floors,
                                            tops)
                                    : bind(calls.get(t)));
        }

        /** Magnitudes of the task vectors, or their scores where limits are known. */
        private final class Columns implements OrderStatistics.Keys {
            private final @Nullable Competition competition;

            Columns(@Nullable Competition competition) {
                this.competition = competition;
            }

            @Override
            public int columns() {
                return elements.length;
            }

            @Override
            public boolean has(int tensor, int column) {
                return together[tensor] && models.input(tensor, column) >= 0;
            }

            @Override
            public boolean reads(int tensor, int input) {
                return true;
            }

            @Override
            public void fill(int tensor, Block in, int[][] keys) {
                TensorCall call = calls.get(tensor);
                List<Integer> others = call.models();
                float[][] deltas = deltas(in, call.base(), others);
                if (competition != null) {
                    sum(deltas, in);
                }
                for (int m = 0; m < deltas.length; m++) {
                    int model = models.of()[tensor][others.get(m)];
                    if (competition == null) {
                        magnitudes(deltas[m], keys[model], in.length());
                    } else {
                        competition.scores(deltas, m, model, in);
                        ordered(in.scratch(SCORES), keys[model], in.length());
                    }
                }
            }
        }
    }

    private static void magnitudes(float[] delta, int[] keys, int n) {
        for (int i = 0; i < n; i++) {
            keys[i] = Float.floatToRawIntBits(delta[i]) & Integer.MAX_VALUE;
        }
    }

    private static void ordered(float[] scores, int[] keys, int n) {
        for (int i = 0; i < n; i++) {
            keys[i] = OrderStatistics.ordered(scores[i]);
        }
    }

    private static float[][] deltas(Block in, int base, List<Integer> others) {
        float[][] deltas = in.scratchGroup(others.size());
        for (int m = 0; m < deltas.length; m++) {
            in.kernels().subtract(in.input(others.get(m)), in.input(base), deltas[m], in.length());
        }
        return deltas;
    }

    /** Fills the block's array {@link #SUM} with the sum of the task vectors, in order. */
    private static void sum(float[][] deltas, Block in) {
        double[] sum = in.doubles(SUM);
        Arrays.fill(sum, 0, in.length(), 0);
        for (float[] delta : deltas) {
            for (int i = 0; i < in.length(); i++) {
                sum[i] += delta[i];
            }
        }
    }

    /**
     * What magnitudes are clipped to, by model, and the scores that follow.
     *
     * @param competing how many models there are, also for tensors that some of them lack: scores
     *     of all tensors compete with each other
     */
    private record Competition(int competing, float[] lows, float[] highs) {
        /** Fills the block's array {@link #SCORES} with one model's scores. */
        void scores(float[][] deltas, int m, int model, Block in) {
            int n = in.length();
            float[] delta = deltas[m];
            double[] sum = in.doubles(SUM);
            double[] shares = in.doubles(SHARES);
            double[] agreed = in.doubles(AGREED);
            float low = lows[model];
            float high = highs[model];
            double range = (double) high - low;
            double scale = range == 0 ? 0 : 1 / range;
            for (int i = 0; i < n; i++) {
                float clipped = Math.max(low, Math.min(high, Math.abs(delta[i])));
                double share = ((double) clipped - low) * scale;
                // e^-n, a factor of all that normalizing takes away, so that nothing overflows.
                shares[i] = competing * (share * share - 1);
                double x = delta[i] * sum[i];
                // The series of tanh: to 1e-13 of the value where it is near 0, as nearly all are.
                agreed[i] = x - x * x * x * THIRD;
            }
            for (int i = 0; i < n; i++) {
                double x = delta[i] * sum[i];
                if (!(Math.abs(x) < SMALL)) {
                    agreed[i] = StrictMath.tanh(x);
                }
            }
            in.kernels().exp(shares, n);
            float[] scores = in.scratch(SCORES);
            for (int i = 0; i < n; i++) {
                // Added to 0, so that both zeros have the same rank.
                scores[i] = 0f + (float) (shares[i] * agreed[i]);
            }
        }
    }

    private record Balance(
            TensorCall call,
            List<Integer> others,
            int[] models,
            Competition competition,
            float[] floors,
            float[] tops)
            implements TensorStep.Combine {
        @Override
        public void combine(Block in, float[] out) {
            int n = in.length();
            float[][] deltas = deltas(in, call.base(), others);
            sum(deltas, in);
            double[] merged = in.doubles(MERGED);
            double[] weights = in.doubles(WEIGHTS);
            Arrays.fill(merged, 0, n, 0);
            Arrays.fill(weights, 0, n, 0);
            for (int m = 0; m < deltas.length; m++) {
                int model = models[others.get(m)];
                competition.scores(deltas, m, model, in);
                add(deltas[m], model, in, merged, weights);
            }
            float[] origin = in.input(call.base());
            double lambda = call.number("lambda");
            for (int i = 0; i < n; i++) {
                out[i] = (float) (origin[i] + lambda * (merged[i] / Math.max(weights[i], 1e-12)));
            }
        }

        private void add(float[] delta, int model, Block in, double[] merged, double[] weights) {
            float[] scores = in.scratch(SCORES);
            float floor = floors[model];
            float low = competition.lows()[model];
            float high = competition.highs()[model];
            double range = (double) tops[model] - floor;
            for (int i = 0; i < in.length(); i++) {
                if (scores[i] > floor) {
                    double weight = ((double) scores[i] - floor) / range;
                    float clipped = Math.max(low, Math.min(high, Math.abs(delta[i])));
                    merged[i] += Math.signum(delta[i]) * clipped * weight;
                    weights[i] += weight;
                }
            }
        }
    }
}
