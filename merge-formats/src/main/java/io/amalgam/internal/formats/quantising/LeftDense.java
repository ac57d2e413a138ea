package io.amalgam.internal.formats.quantising;

import io.amalgam.error.Problem;
import io.amalgam.tensor.TensorInfo;
import java.util.Optional;

/**
 * The weights that a type has no form for, so that they stay dense though others like them do not.
 */
final class LeftDense {
    /** A smaller share is nothing to tell. */
    private static final double MUCH = 0.1;

    private final String type;
    private long all;
    private long left;
    private Optional<TensorInfo> largest = Optional.empty();

    LeftDense(String type) {
        this.type = type;
    }

    /**
     * @param missed whether it would be quantised if the type had a form for it
     */
    void add(TensorInfo weight, boolean missed) {
        all += weight.bytes();
        if (missed) {
            left += weight.bytes();
            largest =
                    largest.filter(other -> other.bytes() >= weight.bytes())
                            .or(() -> Optional.of(weight));
        }
    }

    /** What to say where it is much of the model. */
    Optional<Problem> warning() {
        return largest.filter(unused -> left > all * MUCH)
                .map(
                        weight ->
                                Problem.of(
                                                "type '%s' has no form for weights such as '%s' %s, and %d %% of the model's bytes stay dense"
                                                        .formatted(
                                                                type,
                                                                weight.name(),
                                                                weight.shape(),
                                                                Math.round(100.0 * left / all)))
                                        .hint(hint(weight)));
    }

    private static String hint(TensorInfo weight) {
        return FusedExperts.is(weight)
                ? "'fp8_deepseek' is for experts in one tensor [expert, out, in] of whole blocks; docs/quantised.md has the types"
                : "rows are no whole groups of it: choose a type with one scale a row, such as 'fp8'";
    }
}
