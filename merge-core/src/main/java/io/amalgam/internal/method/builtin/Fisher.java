package io.amalgam.internal.method.builtin;

import io.amalgam.error.BadInputException;
import io.amalgam.error.Problem;
import io.amalgam.internal.method.common.ModelIndex;
import io.amalgam.internal.method.matrix.StatisticMethod;
import io.amalgam.method.Block;
import io.amalgam.method.MethodInfo;
import io.amalgam.method.ModelPass;
import io.amalgam.method.ParameterSpec;
import io.amalgam.method.ParameterSpec.Scope;
import io.amalgam.method.TensorCall;
import io.amalgam.method.TensorStep;
import io.amalgam.method.WholeModelMethod;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * The average in which each parameter counts as much as its model depends on it: by the diagonal of
 * the model's Fisher information. Computed in float64; tensors without statistics are averaged.
 *
 * <p>Matena and Raffel 2021, "Merging Models with Fisher-Weighted Averaging", <a
 * href="https://arxiv.org/abs/2111.09832">arXiv 2111.09832</a>.
 */
public final class Fisher implements WholeModelMethod {
    private static final String NAME = "fisher";
    private static final double TINY = 1e-6;

    private static final MethodInfo INFO =
            new MethodInfo(
                    NAME,
                    "average of the models' parameters by how much each model depends on them",
                    "sum(w_i (F_i + epsilon) x_i) / sum(w_i (F_i + epsilon)), F_i the diagonal Fisher",
                    MethodInfo.Base.OPTIONAL,
                    1,
                    Integer.MAX_VALUE,
                    StatisticMethod.parameters(
                            ParameterSpec.number(
                                            "epsilon",
                                            Scope.SHARED,
                                            TINY,
                                            "added to each element of the Fisher")
                                    .atLeast(0, "it keeps the divisor from 0"),
                            ParameterSpec.flag(
                                    "normalize",
                                    false,
                                    "the Fisher of each model is divided by its norm over the whole model")),
                    new MethodInfo.Paper(
                            "Merging Models with Fisher-Weighted Averaging",
                            "https://arxiv.org/abs/2111.09832"),
                    "one pass over models and statistics; normalised, one over the statistics before");

    @Override
    public MethodInfo info() {
        return INFO;
    }

    @Override
    public List<TensorCall.Statistic> statistics() {
        return List.of(new TensorCall.Statistic(NAME, tensor -> Optional.of(tensor.shape())));
    }

    @Override
    public TensorStep bind(TensorCall call) {
        StatisticMethod.check(call);
        if (call.flag("normalize")) {
            return new Norms(List.of(call)).ofOneTensor();
        }
        double[] ones = new double[call.models().size()];
        Arrays.fill(ones, 1);
        return step(call, ones);
    }

    @Override
    public Optional<ModelPass> survey(List<TensorCall> calls) {
        if (calls.isEmpty() || !(Boolean) ModelIndex.requireOne(calls, "normalize")) {
            return Optional.empty();
        }
        ModelIndex.requireSame(calls, NAME);
        return Optional.of(new Norms(List.copyOf(calls)));
    }

    private static boolean has(TensorCall call) {
        return call.statistic(call.models().get(0), NAME).isPresent();
    }

    private static TensorStep step(TensorCall call, double[] norms) {
        return has(call) ? new Weighted(call, norms) : StatisticMethod.average(call);
    }

    /** Sums the squares of each model's statistics. */
    private record Norms(List<TensorCall> calls) implements ModelPass.Pass<double[]> {
        @Override
        public double[] newState() {
            return new double[calls.get(0).models().size()];
        }

        @Override
        public boolean reads(int tensor, int input) {
            return calls.get(tensor).inputs().get(input).role() == TensorCall.Role.STATISTIC;
        }

        @Override
        public void fold(double[] state, int tensor, Block in) {
            TensorCall call = calls.get(tensor);
            for (int m = 0; m < state.length && has(call); m++) {
                float[] f = in.input(call.statistic(call.models().get(m), NAME).getAsInt());
                for (int i = 0; i < in.length(); i++) {
                    state[m] += (double) f[i] * f[i];
                }
            }
        }

        @Override
        public double[] merge(double[] earlier, double[] later) {
            for (int m = 0; m < earlier.length; m++) {
                earlier[m] += later[m];
            }
            return earlier;
        }

        @Override
        public ModelPass next(double[] total) {
            double[] norms = Arrays.stream(total).map(sum -> Math.sqrt(sum) + TINY).toArray();
            return new ModelPass.Done(t -> step(calls.get(t), norms));
        }

        @Override
        public long stateBytes() {
            return (long) calls.get(0).models().size() * Double.BYTES;
        }

        @Override
        public int passes() {
            return 1;
        }
    }

    private static final class Weighted implements TensorStep.Combine {
        private final TensorCall call;
        private final List<Integer> models;
        private final int[] fishers;
        private final double[] factors;
        private final double epsilon;
        private final double scale;

        Weighted(TensorCall call, double[] norms) {
            this.call = call;
            this.models = call.models();
            this.epsilon = call.number("epsilon");
            this.scale = call.number("scale");
            this.fishers =
                    models.stream().mapToInt(m -> call.statistic(m, NAME).getAsInt()).toArray();
            this.factors = new double[fishers.length];
            for (int m = 0; m < factors.length; m++) {
                factors[m] = call.number(models.get(m), "weight") / norms[m];
            }
        }

        @Override
        public void combine(Block in, float[] out) {
            for (int i = 0; i < in.length(); i++) {
                double sum = 0;
                double weights = 0;
                double plain = 0;
                double all = 0;
                for (int m = 0; m < factors.length; m++) {
                    float f = in.input(fishers[m])[i];
                    if (f < 0) {
                        throw negative(m, f);
                    }
                    double weight = factors[m] * (f + epsilon);
                    float x = in.input(models.get(m))[i];
                    sum += weight * x;
                    weights += weight;
                    plain += factors[m] * x;
                    all += factors[m];
                }
                // With an epsilon of 0 a parameter may matter to no model.
                double merged = weights == 0 ? plain / all : sum / weights;
                double origin = call.base() >= 0 ? in.input(call.base())[i] : merged;
                out[i] = (float) (origin + scale * (merged - origin));
            }
        }

        private BadInputException negative(int model, float value) {
            return new BadInputException(
                    Problem.expected(
                                    "statistic '%s.fisher' of model '%s'"
                                            .formatted(
                                                    call.output().name(),
                                                    call.inputs().get(models.get(model)).model()),
                                    "numbers from 0 up",
                                    value)
                            .hint("compute the statistics anew"));
        }
    }
}
