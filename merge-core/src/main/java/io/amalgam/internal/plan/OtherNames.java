package io.amalgam.internal.plan;

import io.amalgam.checkpoint.TensorSource;
import io.amalgam.error.Problem;
import io.amalgam.internal.layers.ExpertLayouts;
import io.amalgam.internal.plan.OpenModels.Model;
import io.amalgam.recipe.Recipe;
import io.amalgam.tensor.Shape;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * Models that have what others have and call nearly all of it differently, in a way that is not
 * known. To merge what the names have in common, or to write both copies, would be no merge.
 */
final class OtherNames {
    private OtherNames() {}

    /** The slots that can still be looked at: all, where every model has the donor's names. */
    static List<OutputTensor> check(
            Recipe recipe,
            Model donor,
            List<Model> models,
            List<OutputTensor> slots,
            Problems problems) {
        boolean whole = recipe.sections().stream().allMatch(section -> section.slices().isEmpty());
        if (!whole || !recipe.modules().isEmpty()) {
            return slots;
        }
        List<Model> strangers = new ArrayList<>();
        for (Model model : models) {
            Optional<String> experts =
                    model == donor
                            ? Optional.empty()
                            : ExpertLayouts.other(donor.tensors, model.tensors);
            if (experts.isPresent()) {
                strangers.add(model);
                problems.add(otherLayout(donor, model, experts.get()));
            } else if (model != donor && shareFewNames(donor, model) && sameShapes(donor, model)) {
                strangers.add(model);
                problems.add(problem(donor, model));
            } else {
                earlier(donor, model, models)
                        .flatMap(other -> LayerTwins.of(other, model).stream())
                        .findFirst()
                        .ifPresent(
                                twins -> {
                                    strangers.add(model);
                                    problems.add(problem(model, twins));
                                });
            }
        }
        return strangers.isEmpty()
                ? slots
                : slots.stream()
                        .filter(
                                slot ->
                                        slot.parts().stream()
                                                .noneMatch(part -> part.tensor().isEmpty()))
                        .toList();
    }

    /** The donor, which is not always named first, and all models before this one. */
    private static Stream<Model> earlier(Model donor, Model model, List<Model> models) {
        return model == donor
                ? Stream.empty()
                : Stream.concat(
                                Stream.of(donor),
                                models.stream().takeWhile(other -> other != model))
                        .distinct();
    }

    private static Problem otherLayout(Model donor, Model model, String tensor) {
        return Problem.expected(
                        "experts of model '" + model.ref + "'",
                        "a layout that can be turned into that of '" + donor.ref + "'",
                        "'" + tensor + "'")
                .at(model.ref.location())
                .hint("save both models with one library");
    }

    private static boolean shareFewNames(Model donor, Model model) {
        long shared = model.tensors.keySet().stream().filter(donor.tensors::containsKey).count();
        return shared * 10 < Math.min(donor.tensors.size(), model.tensors.size());
    }

    /** Whether nine of ten tensors of both have one of their shape in the other. */
    private static boolean sameShapes(Model donor, Model model) {
        Map<Shape, Integer> left = new HashMap<>();
        for (TensorSource tensor : donor.tensors.values()) {
            left.merge(tensor.info().shape(), 1, Integer::sum);
        }
        int same = 0;
        for (TensorSource tensor : model.tensors.values()) {
            Optional<Integer> count = Optional.ofNullable(left.get(tensor.info().shape()));
            if (count.isPresent() && count.get() > 0) {
                left.put(tensor.info().shape(), count.get() - 1);
                same++;
            }
        }
        return same * 10 >= 9 * Math.max(donor.tensors.size(), model.tensors.size());
    }

    private static Problem problem(Model donor, Model model) {
        String wanted = only(donor, model).findFirst().orElseThrow();
        Shape shape = Objects.requireNonNull(donor.tensors.get(wanted)).info().shape();
        String got =
                only(model, donor)
                        .filter(name -> has(model, name, shape))
                        .findFirst()
                        .or(() -> only(model, donor).findFirst())
                        .orElseThrow();
        return problem(model, new LayerTwins(donor, wanted, got));
    }

    private static Problem problem(Model model, LayerTwins twins) {
        return Problem.expected(
                        "tensors of model '" + model.ref + "'",
                        "the names of '"
                                + twins.reference().ref
                                + "', such as '"
                                + twins.wanted()
                                + "'",
                        "the same tensors under other names, such as '" + twins.got() + "'")
                .at(model.ref.location())
                .hint("rename them, or save both models with one library");
    }

    private static Stream<String> only(Model of, Model without) {
        return of.tensors.keySet().stream().filter(name -> !without.tensors.containsKey(name));
    }

    private static boolean has(Model model, String name, Shape shape) {
        return Objects.requireNonNull(model.tensors.get(name)).info().shape().equals(shape);
    }
}
