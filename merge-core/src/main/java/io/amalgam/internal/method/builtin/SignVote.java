package io.amalgam.internal.method.builtin;

import io.amalgam.error.BadInputException;
import io.amalgam.error.Problem;
import io.amalgam.method.ParameterSpec;
import io.amalgam.method.TensorCall;
import java.util.List;

/**
 * The election of an element's sign.
 *
 * @param frequency whether each model has one vote, that of its sign, and not one of its size
 * @param unweighted whether weights come after the vote, as in PEFT; sums are then divided by how
 *     many agree, not by their weights
 */
record SignVote(boolean frequency, boolean unweighted) {
    /** Sums of weighted vectors decide. */
    static final SignVote MERGEKIT = new SignVote(false, false);

    static final ParameterSpec METHOD =
            ParameterSpec.text(
                    "sign_method",
                    "total",
                    "total: the sign of the sum wins; frequency: the sign more models have");

    static List<ParameterSpec> parameters() {
        return List.of(
                METHOD,
                ParameterSpec.text(
                        "vote",
                        "weighted",
                        "weighted: weights before the vote; unweighted: after it, and the divisor is how many agree, as in PEFT"));
    }

    /**
     * @throws BadInputException if a parameter has another value
     */
    static SignVote of(TensorCall call) {
        return new SignVote(frequency(call), second(call, "vote", "weighted", "unweighted"));
    }

    /**
     * @throws BadInputException if the parameter has another value
     */
    static boolean frequency(TensorCall call) {
        return second(call, METHOD.name(), "total", "frequency");
    }

    private static boolean second(TensorCall call, String name, String first, String second) {
        String word = call.text(name);
        if (word.equals(first) || word.equals(second)) {
            return word.equals(second);
        }
        throw new BadInputException(
                Problem.expected(
                        "parameter '" + name + "'", first + " or " + second, "'" + word + "'"));
    }
}
