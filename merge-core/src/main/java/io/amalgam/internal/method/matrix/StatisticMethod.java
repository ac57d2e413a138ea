package io.amalgam.internal.method.matrix;

import io.amalgam.error.BadInputException;
import io.amalgam.error.Problem;
import io.amalgam.internal.linalg.Matrix;
import io.amalgam.method.MergeMethod;
import io.amalgam.method.MethodInfo;
import io.amalgam.method.ParameterSpec;
import io.amalgam.method.ParameterSpec.Scope;
import io.amalgam.method.TensorCall;
import io.amalgam.method.TensorCall.Statistic;
import io.amalgam.method.TensorStep;
import io.amalgam.tensor.Shape;
import io.amalgam.tensor.TensorInfo;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * A method that merges matrices by the Gram matrices of their inputs, and maybe of the gradients at
 * their outputs. What has none in any model is averaged.
 */
public abstract class StatisticMethod implements MergeMethod {
    public static final String INPUT = "input_gram";
    public static final String OUTPUT = "output_gram";

    private final MethodInfo info;

    protected StatisticMethod(MethodInfo info) {
        this.info = info;
    }

    /** What is added to the mean of the models. */
    interface Solver {
        Matrix change(Deviations models) throws IOException;
    }

    /** Parameters of all methods with statistics, and a method's own between them. */
    public static List<ParameterSpec> parameters(ParameterSpec... own) {
        List<ParameterSpec> all = new ArrayList<>();
        all.add(
                ParameterSpec.number(
                                "weight", Scope.PER_MODEL, 1, "factor of the model's statistics")
                        .atLeast(0, "it is a share of the whole"));
        all.addAll(List.of(own));
        all.add(
                ParameterSpec.number(
                        "scale",
                        Scope.SHARED,
                        1,
                        "factor of the change to the base, if there is one"));
        return List.copyOf(all);
    }

    /** The factor of what is beside the diagonal of a Gram matrix. */
    public static ParameterSpec offDiagonal() {
        return ParameterSpec.number(
                        "off_diagonal",
                        Scope.SHARED,
                        1,
                        "factor of what is beside the diagonal of the Gram matrices")
                .within(0, 1, "it is a share");
    }

    /** The statistic of a matrix's inputs. */
    public static Statistic ofInputs() {
        return new Statistic(INPUT, tensor -> square(tensor, MatrixLayout::cols));
    }

    /** The statistic of the gradients at a matrix's outputs. */
    public static Statistic ofOutputs() {
        return new Statistic(OUTPUT, tensor -> square(tensor, MatrixLayout::rows));
    }

    private static Optional<Shape> square(
            TensorInfo tensor, java.util.function.ToIntFunction<MatrixLayout> side) {
        return layout(tensor).map(l -> Shape.of(side.applyAsInt(l), side.applyAsInt(l)));
    }

    private static Optional<MatrixLayout> layout(TensorInfo tensor) {
        return MatrixLayout.of(tensor, Optional.empty()).filter(l -> l.count() == 1);
    }

    @Override
    public final MethodInfo info() {
        return info;
    }

    @Override
    public final TensorStep bind(TensorCall call) {
        check(call);
        Optional<MatrixLayout> layout = layout(call.output());
        boolean known = call.statistic(call.models().get(0), INPUT).isPresent();
        return layout.isPresent() && known
                ? new StatisticStep(
                        call,
                        layout.get(),
                        this::change,
                        doubles(layout.get(), call.models().size()))
                : average(call);
    }

    /** The weighted mean, moved towards the base where the call says so. */
    public static TensorStep average(TensorCall call) {
        return new AveragedRest(call);
    }

    /**
     * Looks at the parameters that all such methods have.
     *
     * @throws BadInputException if they are wrong together
     */
    public static void check(TensorCall call) {
        if (call.models().stream().allMatch(m -> call.number(m, "weight") == 0)) {
            throw new BadInputException(
                    Problem.expected("parameter 'weight'", "one model that has some", "0 of all"));
        }
        if (call.number("scale") != 1 && call.base() < 0) {
            throw new BadInputException(
                    Problem.expected("parameter 'scale'", "1 without a base", call.number("scale"))
                            .hint("add 'base_model': the change to it is scaled"));
        }
    }

    /** The change to the mean of one matrix. */
    protected abstract Matrix change(Deviations models) throws IOException;

    /** The most doubles that {@link #change} and its caller hold, on the heap and in LAPACK. */
    protected abstract long doubles(MatrixLayout layout, int models);
}
