package io.amalgam.internal.method.builtin;

import io.amalgam.error.BadInputException;
import io.amalgam.error.Problem;
import io.amalgam.internal.method.common.ModelIndex;
import io.amalgam.method.Block;
import io.amalgam.method.MethodInfo;
import io.amalgam.method.ModelPass;
import io.amalgam.method.ParameterSpec;
import io.amalgam.method.ParameterSpec.Scope;
import io.amalgam.method.TensorCall;
import io.amalgam.method.TensorStep;
import io.amalgam.method.WholeModelMethod;
import java.util.List;
import java.util.Optional;

/**
 * One vector for all tasks, and for each task a mask and a number: per element the sign of the sum
 * and the largest magnitude of that sign. A task's model is the base plus the elements whose sign
 * is its own, rescaled to the task's mean magnitude.
 *
 * <p>{@code task} says which model is written: 0 for base and vector alone, else the task's number.
 * Elements are float32, sums float64, in the engine's fixed order.
 *
 * <p>Huang et al. 2024, "EMR-Merging: Tuning-Free High-Performance Model Merging", <a
 * href="https://arxiv.org/abs/2405.17461">arXiv 2405.17461</a>.
 */
public final class Emr implements WholeModelMethod {
    private static final MethodInfo INFO =
            new MethodInfo(
                    "emr",
                    "elects one vector for all tasks, and masks and rescales it for one of them",
                    "base + alpha * r_t * v where v * w_t * d_t > 0, v = sign(sum(w_i * d_i)) * max(|w_i * d_i| of that sign), r_t restores the mean magnitude",
                    MethodInfo.Base.REQUIRED,
                    1,
                    Integer.MAX_VALUE,
                    List.of(
                            ParameterSpec.number(
                                    "weight", Scope.PER_MODEL, 1, "factor of the task vector"),
                            ParameterSpec.number(
                                    "alpha", Scope.SHARED, 1, "factor of what is added"),
                            ParameterSpec.integer(
                                            "task",
                                            0,
                                            "number of the model, from 1, whose own is written; 0: the vector alone, unmasked")
                                    .within(0, 1_000_000, "it counts models")),
                    new MethodInfo.Paper(
                            "EMR-Merging: Tuning-Free High-Performance Model Merging",
                            "https://arxiv.org/abs/2405.17461"),
                    "one pass over the whole model, two numbers a model; then one; the vector alone: one");

    @Override
    public MethodInfo info() {
        return INFO;
    }

    @Override
    public TensorStep bind(TensorCall call) {
        return survey(List.of(call))
                .map(ModelPass::ofOneTensor)
                .orElseGet(() -> new Elected(call, -1, call.number("alpha")));
    }

    @Override
    public Optional<ModelPass> survey(List<TensorCall> calls) {
        if (calls.isEmpty()) {
            return Optional.empty();
        }
        ModelIndex.requireOne(calls, "task");
        int task = (int) calls.get(0).number("task");
        for (TensorCall call : calls) {
            if (task > call.models().size()) {
                throw new BadInputException(
                        Problem.expected(
                                        "parameter 'task'", "at most " + call.models().size(), task)
                                .hint("it is the number of a model, from 1, or 0"));
            }
        }
        if (task == 0) {
            return Optional.empty();
        }
        ModelIndex.requireSame(calls, INFO.name());
        return Optional.of(new Magnitudes(List.copyOf(calls), task - 1));
    }

    /**
     * The sums over tensors of the mean magnitudes of a task vector, and of what is left for it.
     */
    private record Magnitudes(List<TensorCall> calls, int task)
            implements ModelPass.Pass<double[]> {
        @Override
        public double[] newState() {
            return new double[2];
        }

        @Override
        public void fold(double[] state, int tensor, Block in) {
            Elected elected = new Elected(calls.get(tensor), task, 1);
            float[] own = in.scratch(0);
            elected.combine(in, own, true);
            float[] difference = elected.differences(in)[task];
            double all = 0;
            double kept = 0;
            for (int i = 0; i < in.length(); i++) {
                all += Math.abs(difference[i]);
                kept += Math.abs(own[i]);
            }
            state[0] += all / calls.get(tensor).elements();
            state[1] += kept / calls.get(tensor).elements();
        }

        @Override
        public double[] merge(double[] earlier, double[] later) {
            earlier[0] += later[0];
            earlier[1] += later[1];
            return earlier;
        }

        @Override
        public ModelPass next(double[] total) {
            double rescale = total[1] == 0 ? 1 : total[0] / total[1];
            return new ModelPass.Done(
                    t -> new Elected(calls.get(t), task, rescale * calls.get(t).number("alpha")));
        }

        @Override
        public long stateBytes() {
            return 2 * Double.BYTES;
        }

        @Override
        public int passes() {
            return 1;
        }
    }

    /**
     * The elected vector, or a task's part of it, times a factor.
     *
     * @param task position among the models; -1 for the whole vector
     */
    private record Elected(TensorCall call, int task, double factor) implements TensorStep.Combine {
        @Override
        public void combine(Block in, float[] out) {
            combine(in, out, false);
        }

        void combine(Block in, float[] out, boolean changeAlone) {
            float[][] d = differences(in);
            float[] base = in.input(call.base());
            for (int i = 0; i < in.length(); i++) {
                float sum = 0;
                for (float[] difference : d) {
                    sum += difference[i];
                }
                float sign = sum > 0 ? 1 : -1;
                float largest = 0;
                for (float[] difference : d) {
                    largest = Math.max(largest, sign * difference[i]);
                }
                boolean kept = task < 0 || d[task][i] * sign > 0;
                double change = kept ? factor * (sign * largest) : 0;
                out[i] = (float) (changeAlone ? change : base[i] + change);
            }
        }

        float[][] differences(Block in) {
            List<Integer> models = call.models();
            float[] base = in.input(call.base());
            float[][] d = in.scratchGroup(models.size());
            for (int m = 0; m < d.length; m++) {
                float weight = (float) call.number(models.get(m), "weight");
                float[] x = in.input(models.get(m));
                for (int i = 0; i < in.length(); i++) {
                    d[m][i] = weight * (x[i] - base[i]);
                }
            }
            return d;
        }
    }
}
