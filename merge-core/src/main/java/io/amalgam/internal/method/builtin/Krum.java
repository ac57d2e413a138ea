package io.amalgam.internal.method.builtin;

import io.amalgam.error.BadInputException;
import io.amalgam.error.Problem;
import io.amalgam.internal.method.common.LaneSums;
import io.amalgam.internal.method.common.ModelIndex;
import io.amalgam.kernel.Kernels;
import io.amalgam.method.Block;
import io.amalgam.method.MethodInfo;
import io.amalgam.method.ModelPass;
import io.amalgam.method.ParameterSpec;
import io.amalgam.method.TensorCall;
import io.amalgam.method.TensorStep;
import io.amalgam.method.WholeModelMethod;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/**
 * Takes the model that lies nearest to most others: the one whose squared distances to its {@code n
 * - f - 2} nearest, over the whole model, have the least sum; {@code f} models may be arbitrarily
 * wrong. Multi-Krum averages the {@code multi} models of least sums. Of equal sums the model named
 * first is taken.
 *
 * <p>Differences are float32, their squares are summed in float64. A model whose distances are NaN
 * is taken last.
 *
 * <p>Blanchard et al. 2017, "Machine Learning with Adversaries: Byzantine Tolerant Gradient
 * Descent", <a href="https://arxiv.org/abs/1703.02757">arXiv 1703.02757</a>.
 */
public final class Krum implements WholeModelMethod {
    private static final MethodInfo INFO =
            new MethodInfo(
                    "krum",
                    "takes the model nearest to most others, or the mean of the nearest few",
                    "x_i with the least sum of its n - byzantine - 2 least |x_i - x_j|^2",
                    MethodInfo.Base.ORDINARY,
                    3,
                    Integer.MAX_VALUE,
                    List.of(
                            whole("byzantine", 0, 0, "models that may be arbitrarily wrong"),
                            whole("multi", 1, 1, "how many of the best models are averaged")),
                    new MethodInfo.Paper(
                            "Machine Learning with Adversaries: Byzantine Tolerant Gradient Descent",
                            "https://arxiv.org/abs/1703.02757"),
                    "one pass over the whole model, a sum for each pair of models; then one");

    private static ParameterSpec whole(String name, int value, int least, String meaning) {
        return new ParameterSpec(
                name,
                ParameterSpec.Scope.SHARED,
                ParameterSpec.Kind.INTEGER,
                Optional.of((double) value),
                false,
                false,
                Optional.of(new ParameterSpec.Range(least, 1_000_000, "it counts models")),
                meaning);
    }

    @Override
    public MethodInfo info() {
        return INFO;
    }

    @Override
    public TensorStep bind(TensorCall call) {
        return new Distances(call).ofOneTensor();
    }

    @Override
    public Optional<ModelPass> survey(List<TensorCall> calls) {
        if (calls.isEmpty()) {
            return Optional.empty();
        }
        ModelIndex.requireSame(calls, INFO.name());
        ModelIndex.requireOne(calls, "byzantine");
        ModelIndex.requireOne(calls, "multi");
        return Optional.of(new Distances(calls.get(0)));
    }

    /** Sums the squared distance of every pair of models, in lanes. */
    private static final class Distances implements ModelPass.Pass<double[][]> {
        private final int models;
        private final int nearest;
        private final int taken;

        Distances(TensorCall call) {
            models = call.models().size();
            int byzantine = (int) call.number("byzantine");
            nearest = models - byzantine - 2;
            taken = (int) call.number("multi");
            if (models < 2 * byzantine + 3) {
                throw new BadInputException(
                        Problem.expected(
                                        "models for 'krum' with byzantine: " + byzantine,
                                        "at least " + (2 * byzantine + 3),
                                        models)
                                .hint("'krum' needs 2 byzantine + 3 models"));
            }
            if (taken > models - byzantine) {
                throw new BadInputException(
                        Problem.expected(
                                        "parameter 'multi'",
                                        "at most " + (models - byzantine),
                                        taken)
                                .hint("of " + models + " models " + byzantine + " may be wrong"));
            }
        }

        @Override
        public double[][] newState() {
            return new double[models * (models - 1) / 2][Kernels.LANES];
        }

        @Override
        public void fold(double[][] state, int tensor, Block in) {
            int pair = 0;
            float[] difference = in.scratch(0);
            for (int i = 0; i < models; i++) {
                for (int j = i + 1; j < models; j++) {
                    in.kernels().subtract(in.input(i), in.input(j), difference, in.length());
                    in.kernels().dot(difference, difference, state[pair++], in.length());
                }
            }
        }

        /** A client that sends no numbers is far from all others. */
        @Override
        public boolean takesNonfinite() {
            return true;
        }

        @Override
        public double[][] merge(double[][] earlier, double[][] later) {
            return LaneSums.add(earlier, later);
        }

        @Override
        public ModelPass next(double[][] total) {
            int[] best = best(total);
            if (best.length == 1) {
                return new ModelPass.Done(t -> new TensorStep.Copy(best[0]));
            }
            List<Integer> inputs = Arrays.stream(best).sorted().boxed().toList();
            WeightedMean mean = WeightedMean.of(inputs);
            return new ModelPass.Done(t -> mean);
        }

        private int[] best(double[][] total) {
            double[] scores = scores(total);
            List<Integer> order = new ArrayList<>();
            for (int i = 0; i < models; i++) {
                order.add(i);
            }
            // NaN comes last, and the sort is stable.
            order.sort(Comparator.comparingDouble(i -> scores[i]));
            return order.stream().limit(taken).mapToInt(Integer::intValue).toArray();
        }

        private double[] scores(double[][] total) {
            double[][] distances = new double[models][models - 1];
            int pair = 0;
            for (int i = 0; i < models; i++) {
                for (int j = i + 1; j < models; j++) {
                    double distance = Kernels.total(total[pair++]);
                    distances[i][j - 1] = distance;
                    distances[j][i] = distance;
                }
            }
            double[] scores = new double[models];
            for (int i = 0; i < models; i++) {
                Arrays.sort(distances[i]);
                for (int k = 0; k < nearest; k++) {
                    scores[i] += distances[i][k];
                }
            }
            return scores;
        }

        @Override
        public long stateBytes() {
            return models * (models - 1L) / 2 * Kernels.LANES * Double.BYTES;
        }

        @Override
        public int passes() {
            return 1;
        }
    }
}
