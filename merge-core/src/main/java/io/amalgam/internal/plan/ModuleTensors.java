package io.amalgam.internal.plan;

import io.amalgam.error.Problem;
import io.amalgam.internal.layers.ExtraLayers;
import io.amalgam.internal.layers.LayerStack;
import io.amalgam.internal.layers.ModelPart;
import io.amalgam.internal.layers.ModelParts;
import io.amalgam.internal.plan.OpenModels.Model;
import io.amalgam.recipe.ModuleSection;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The tensors of a section of a recipe: those of one part, found in each model separately, or all.
 */
final class ModuleTensors {
    private final ModuleSection section;
    private final List<ModuleSection> others;
    private final Problems problems;
    private final Map<Model, List<ModelPart>> found = new HashMap<>();

    /**
     * @param others the recipe's other sections: what they name is not in {@link
     *     ModelParts#DEFAULT}
     */
    ModuleTensors(ModuleSection section, List<ModuleSection> others, Problems problems) {
        this.section = section;
        this.others = others;
        this.problems = problems;
    }

    ModuleSection section() {
        return section;
    }

    /** Whether the section is about one part, not the whole model. */
    boolean isPart() {
        return !section.name().isEmpty();
    }

    boolean has(Model model, String tensor) {
        return !isPart() || model.parts().of(tensor).filter(parts(model)::contains).isPresent();
    }

    /** The parts of a model that are meant; none if it has no such part, which is a problem. */
    List<ModelPart> parts(Model model) {
        return found.computeIfAbsent(model, this::find);
    }

    private List<ModelPart> find(Model model) {
        if (!isPart()) {
            return model.parts().all();
        }
        List<ModelPart> parts = meant(model);
        boolean layered = parts.stream().anyMatch(part -> part.stack().isPresent());
        if (parts.isEmpty()) {
            problems.add(
                    model.parts()
                            .unknown(section.name(), model.ref.toString())
                            .at(section.location()));
        } else if (layered && parts.size() > 1) {
            problems.add(
                    ModelParts.ambiguous(section.name(), model.ref.toString(), parts)
                            .at(section.location()));
            return List.of();
        }
        return parts;
    }

    private List<ModelPart> meant(Model model) {
        List<ModelPart> parts = new ArrayList<>(model.parts().named(section.name()));
        if (section.name().equals(ModelParts.DEFAULT)) {
            others.forEach(other -> parts.removeAll(model.parts().named(other.name())));
        }
        return parts;
    }

    /**
     * The stack whose layers slices choose, without layers behind its last; none, or several in a
     * whole model, is a problem.
     */
    Optional<LayerStack> stack(Model model) {
        Optional<LayerStack> stack = stackIfAny(model);
        if (stack.isEmpty() && !(isPart() && parts(model).isEmpty())) {
            problems.addOnce("layer stacks of " + section.name() + model.ref, noStack(model));
        }
        return stack;
    }

    /** As {@link #stack}, where none is no problem. */
    Optional<LayerStack> stackIfAny(Model model) {
        List<LayerStack> stacks =
                isPart()
                        ? parts(model).stream().flatMap(part -> part.stack().stream()).toList()
                        : model.stacks.all();
        return stacks.size() == 1
                ? Optional.of(
                        ExtraLayers.without(
                                stacks.get(0), model.checkpoint.facts(), model.tensors.keySet()))
                : Optional.empty();
    }

    private Problem noStack(Model model) {
        if (isPart()) {
            return Problem.of(
                            "module '"
                                    + section.name()
                                    + "' of model '"
                                    + model.ref
                                    + "' has no numbered layers")
                    .at(section.location())
                    .hint("use 'models' instead of 'slices'");
        }
        List<LayerStack> all = model.stacks.all();
        String found =
                all.isEmpty()
                        ? "none"
                        : String.join(
                                ", ", all.stream().map(s -> "'" + s.prefix() + "N'").toList());
        String names =
                String.join(
                        ", ",
                        model.parts().all().stream().map(part -> "'" + part.name() + "'").toList());
        return Problem.expected("layer stacks of model '" + model.ref + "'", "one", found)
                .at(model.ref.location())
                .hint(
                        all.isEmpty()
                                ? "its tensor names have no numbered layers; use 'models' instead of 'slices'"
                                : "give each part its slices or models under 'modules': " + names);
    }
}
