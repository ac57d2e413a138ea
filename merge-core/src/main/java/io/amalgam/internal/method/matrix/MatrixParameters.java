package io.amalgam.internal.method.matrix;

import io.amalgam.error.BadInputException;
import io.amalgam.error.Problem;
import io.amalgam.internal.layers.NonLayerTensors;
import io.amalgam.internal.method.common.LayerScale;
import io.amalgam.method.ParameterSpec;
import io.amalgam.method.ParameterSpec.Scope;
import io.amalgam.method.TensorCall;
import io.amalgam.recipe.ParameterValue.Scalar;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.Set;

/** Parameters that methods for matrices share, and what they mean for a tensor. */
public final class MatrixParameters {
    private static final ParameterSpec WEIGHT =
            ParameterSpec.number(
                    "weight", Scope.PER_MODEL, 1, "factor of the task vector before all else");
    private static final ParameterSpec ALPHA =
            ParameterSpec.number("alpha", Scope.SHARED, 1, "factor of the merged change");
    private static final ParameterSpec EXCLUDE =
            ParameterSpec.words(
                    "exclude",
                    Optional.empty(),
                    "parts of names of matrices that are treated as the rest; unset: embeddings and heads; []: none");
    private static final ParameterSpec REST =
            ParameterSpec.words(
                    "rest",
                    Optional.of("mean"),
                    "what is no matrix, or excluded: mean (times alpha), base, or a factor of the sum of its task vectors");
    private static final ParameterSpec TRANSPOSED =
            ParameterSpec.words(
                    "transposed",
                    Optional.empty(),
                    "parts of names of matrices stored as in x out; unset: GPT-2's; []: none");

    private MatrixParameters() {}

    /** Those of methods that do not care which side of a matrix is which, and a method's own. */
    public static List<ParameterSpec> with(ParameterSpec... own) {
        List<ParameterSpec> all = new ArrayList<>(List.of(WEIGHT, ALPHA, EXCLUDE, REST));
        all.addAll(List.of(own));
        all.addAll(LayerScale.parameters());
        return List.copyOf(all);
    }

    /** The same for those that do care. */
    public static List<ParameterSpec> withSides(ParameterSpec... own) {
        List<ParameterSpec> all = new ArrayList<>(with(own));
        all.add(4, TRANSPOSED);
        return List.copyOf(all);
    }

    public static ParameterSpec rankTolerance() {
        return ParameterSpec.number(
                        "rank_tol",
                        Scope.SHARED,
                        1e-6,
                        "singular values up to this share of the largest are left out")
                .within(0, 1, "it is a share");
    }

    /** Parameters whose words are parts of tensors' names. */
    public static Set<String> ofNames() {
        return Set.of(EXCLUDE.name(), TRANSPOSED.name());
    }

    public static ParameterSpec exclude() {
        return EXCLUDE;
    }

    public static ParameterSpec transposed() {
        return TRANSPOSED;
    }

    /** How a tensor is a matrix; empty if it belongs to the rest. */
    public static Optional<MatrixLayout> layout(TensorCall call) {
        String name = call.output().name();
        boolean excluded =
                words(call, "exclude")
                        .map(text -> MatrixLayout.names(text).stream().anyMatch(name::contains))
                        .orElseGet(() -> NonLayerTensors.isEnd(name));
        return excluded
                ? Optional.empty()
                : MatrixLayout.of(call.output(), words(call, "transposed"));
    }

    private static Optional<String> words(TensorCall call, String name) {
        return Optional.ofNullable((String) call.shared().get(name));
    }

    /** The factor of all that is added to the base. */
    public static double scale(TensorCall call) {
        return call.number("alpha") * LayerScale.factor(call);
    }

    /** Models that are merged: those with a weight of 0 are as if they were not there. */
    static List<Integer> tasks(TensorCall call) {
        return call.models().stream()
                .filter(
                        model ->
                                !call.inputs().get(model).values().containsKey("weight")
                                        || call.number(model, "weight") != 0)
                .toList();
    }

    /**
     * The factor of the sum of the rest's task vectors.
     *
     * @throws BadInputException if {@code rest} is none of its values
     */
    static double restFactor(TensorCall call) {
        String rest = call.text("rest");
        if (rest.equals("mean")) {
            return scale(call) / Math.max(1, tasks(call).size());
        }
        OptionalDouble factor = Scalar.number(rest);
        if (factor.isEmpty() && !rest.equals("base")) {
            throw new BadInputException(
                    Problem.expected(
                                    "parameter 'rest'",
                                    "'mean', 'base' or a number",
                                    "'" + rest + "'")
                            .hint("a number is the factor of the sum of the task vectors"));
        }
        return factor.orElse(0);
    }
}
