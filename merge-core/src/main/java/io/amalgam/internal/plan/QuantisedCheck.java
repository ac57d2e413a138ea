package io.amalgam.internal.plan;

import io.amalgam.checkpoint.Checkpoint;
import io.amalgam.checkpoint.Checkpoint.Quantisation;
import io.amalgam.error.Problem;
import io.amalgam.internal.checkpoint.Rescaled;
import io.amalgam.method.MethodInfo;
import io.amalgam.recipe.ModelRef;
import io.amalgam.recipe.Recipe.QuantisedType;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** What quantised models mean for a merge. */
final class QuantisedCheck {
    private final boolean copies;
    private final boolean takesDifferences;
    private final Optional<QuantisedType> output;
    private final boolean retypes;
    private final boolean allowRescaled;
    private final Problems problems;
    private final List<Problem> warnings;

    /**
     * @param hasBase whether the recipe has a base model
     * @param output what the output's weights are quantised to, if they are
     * @param retypes whether a type of the output's tensors is asked for
     * @param allowRescaled whether models with scales moved between tensors are combined
     */
    QuantisedCheck(
            MethodInfo method,
            boolean hasBase,
            Optional<QuantisedType> output,
            boolean retypes,
            boolean allowRescaled,
            Problems problems,
            List<Problem> warnings) {
        this.copies = method.name().equals("passthrough");
        this.takesDifferences = hasBase && method.base() != MethodInfo.Base.ORDINARY;
        this.output = output;
        this.retypes = retypes;
        this.allowRescaled = allowRescaled;
        this.problems = problems;
        this.warnings = warnings;
    }

    void check(Map<ModelRef, Checkpoint> models) {
        models.forEach(
                (ref, model) ->
                        model.quantisation()
                                .ifPresent(how -> check(ref, model, how, models.size() > 1)));
    }

    private void check(ModelRef ref, Checkpoint model, Quantisation how, boolean several) {
        if (!how.readable()) {
            unreadable(ref, model, how).ifPresent(problems::add);
            return;
        }
        if (how.rescaled() && several && !copies) {
            if (!allowRescaled) {
                problems.add(Rescaled.refusal(ref.toString(), how).at(ref.location()));
                return;
            }
            warnings.add(Rescaled.warning(ref.toString(), how).at(ref.location()));
        }
        if (copies && output.filter(QuantisedType::keeps).isPresent()) {
            return;
        }
        Problem read =
                Problem.of("model '" + ref + "' is quantised (" + how.name() + ")")
                        .at(ref.location());
        warnings.add(
                takesDifferences
                        ? read.hint(
                                "its differences to the base contain the rounding: merge the unquantised model if there is one")
                        : read.hint(
                                output.isPresent()
                                        ? "its weights are dequantised where they are merged, and quantised anew"
                                        : "its weights are dequantised, and the output is not quantised"));
    }

    /**
     * Packed weights have no meaning to arithmetic; only bytes may be copied, if at all, and then
     * all of them as they are.
     */
    private Optional<Problem> unreadable(ModelRef ref, Checkpoint model, Quantisation how) {
        boolean copied =
                model.tensors().values().stream()
                        .allMatch(tensor -> tensor.info().dtype().safetensors());
        return copies && copied && !retypes && output.isEmpty()
                ? Optional.empty()
                : Optional.of(
                        Problem.of(
                                        "model '"
                                                + ref
                                                + "' is quantised in a format that is not read: "
                                                + how.name())
                                .at(ref.location())
                                .hint(
                                        "merge the unquantised model, or load this one with its library and save it dense"));
    }
}
