package io.amalgam.internal.checkpoint;

import io.amalgam.checkpoint.Checkpoint;
import io.amalgam.checkpoint.Checkpoint.Quantisation;
import io.amalgam.error.Problem;
import java.util.Optional;

/** Models whose tensors mean something only together. */
public final class Rescaled {
    private Rescaled() {}

    /**
     * Why single tensors of a model must not be used with those of another: scales were moved
     * between them.
     *
     * @param name what the user calls the model
     */
    public static Optional<Problem> problem(String name, Checkpoint model) {
        return model.quantisation().filter(Quantisation::rescaled).map(how -> problem(name, how));
    }

    /** The same, of a model that is known to be one. */
    public static Problem problem(String name, Quantisation how) {
        return Problem.of(
                        "model '"
                                + name
                                + "' is quantised with "
                                + how.name()
                                + ", which moves scales between its tensors: no single one can be merged with another model's")
                .hint("merge the model it was made from");
    }

    /** The same, where it can be merged all the same. */
    public static Problem refusal(String name, Quantisation how) {
        return problem(name, how)
                .hint(
                        "merge the model it was made from, or give PlanOptions.allowRescaled(true) to merge it all the same");
    }

    /** What is said of one that is merged all the same. */
    public static Problem warning(String name, Quantisation how) {
        return Problem.of(
                        "model '"
                                + name
                                + "' is quantised with "
                                + how.name()
                                + ", which moves scales between its tensors: they are merged with tensors of other scales, as was asked for")
                .hint("the result can be far worse than its models: judge it before use");
    }
}
