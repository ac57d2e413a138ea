package io.amalgam.internal.plan;

import io.amalgam.checkpoint.ConfigChanges.LayerChange;
import io.amalgam.error.Problem;
import io.amalgam.internal.layers.LayerName;
import io.amalgam.internal.layers.LayerStack;
import io.amalgam.internal.layers.ModelPart;
import io.amalgam.internal.layers.ModelParts;
import io.amalgam.internal.plan.OpenModels.Model;
import io.amalgam.recipe.ModelEntry;
import io.amalgam.recipe.ModelRef;
import io.amalgam.recipe.ModuleSection;
import io.amalgam.recipe.Parameters;
import io.amalgam.recipe.Recipe;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;

/**
 * Turns a recipe's {@code models}, {@code slices} or {@code modules} into slots: which tensors of
 * which models make which output tensor.
 */
final class OutputTensors {
    private final Recipe recipe;
    private final OpenModels models;
    private final boolean mixesLayers;
    private final boolean uneven;
    private final boolean weighted;
    private final Problems problems;
    private final List<StackedLayers> stacked = new ArrayList<>();
    private final List<ModuleTensors> scopes = new ArrayList<>();
    private boolean complete = true;

    /**
     * @param mixesLayers whether the method may merge layers of one model with each other
     * @param weighted whether the method's models have weights
     * @param uneven whether a stack may hold layers that differ in what tensors they have
     */
    OutputTensors(
            Recipe recipe,
            OpenModels models,
            boolean mixesLayers,
            boolean uneven,
            boolean weighted,
            Problems problems) {
        this.recipe = recipe;
        this.models = models;
        this.mixesLayers = mixesLayers;
        this.uneven = uneven;
        this.weighted = weighted;
        this.problems = problems;
    }

    /** The slots in the order of the first model's tensors; what is wrong goes to the problems. */
    List<OutputTensor> build() {
        List<OutputTensor> slots = new ArrayList<>();
        List<ModuleSection> sections = recipe.sections();
        for (ModuleSection section : sections) {
            List<ModuleSection> others = new ArrayList<>(sections);
            others.remove(section);
            ModuleTensors scope = new ModuleTensors(section, others, problems);
            scopes.add(scope);
            if (section.slices().isEmpty()) {
                wholeParts(scope, slots);
            } else {
                StackedTensors layers =
                        new StackedTensors(recipe, scope, mixesLayers, uneven, problems);
                layers.build(this::open, slots).ifPresent(stacked::add);
            }
        }
        boolean sliced = sections.stream().anyMatch(section -> !section.slices().isEmpty());
        // With a tokenizer section both get the output's rows.
        if (sliced && recipe.tokenizer().isEmpty()) {
            StackCheck.vocabularies(slots, problems);
        }
        if (recipe.modules().isEmpty()) {
            return slots;
        }
        checkOverlaps();
        return models.all().stream().findFirst().map(m -> ordered(slots, m)).orElse(slots);
    }

    /** How the layers of each stack changed; known once the slots are built. */
    List<LayerChange> layerChanges() {
        return stacked.stream().map(StackedLayers::change).toList();
    }

    /** The layers of each new stack. */
    List<StackedLayers> stacked() {
        return stacked;
    }

    /** Whether every model could be opened: otherwise the slots lack the parts of the others. */
    boolean complete() {
        return complete;
    }

    /** Whether the part of this model that has a tensor is put together from layers. */
    boolean isStacked(Model model, String tensor) {
        return scopes.stream()
                .anyMatch(scope -> !scope.section().slices().isEmpty() && scope.has(model, tensor));
    }

    private void wholeParts(ModuleTensors scope, List<OutputTensor> slots) {
        List<ModelUse> entries = new ArrayList<>();
        Set<ModelRef> seen = new HashSet<>();
        for (ModelEntry entry : scope.section().models()) {
            if (!seen.add(entry.model())) {
                problems.add(
                        Problem.of("model '" + entry.model() + "' is listed twice")
                                .at(entry.model().location())
                                .hint(
                                        weighted
                                                ? "list it once, with the sum of its weights"
                                                : "list it once"));
                continue;
            }
            open(entry.model(), entry.parameters(), 0).ifPresent(entries::add);
        }
        if (recipe.baseModel().isPresent() && seen.add(recipe.baseModel().get())) {
            open(recipe.baseModel().get(), Parameters.EMPTY, 0).ifPresent(entries::add);
        }
        List<Model> all = entries.stream().map(ModelUse::model).toList();
        long without = all.stream().filter(model -> scope.parts(model).isEmpty()).count();
        if (all.isEmpty() || without > 0) {
            return;
        }
        checkLayerCounts(scope, all);
        SlotNames.of(entries, scope::has)
                .forEach(
                        (name, parts) ->
                                slots.add(
                                        new OutputTensor(
                                                name,
                                                position(all, name),
                                                parts,
                                                Parameters.EMPTY,
                                                scope.section().parameters(),
                                                Optional.empty())));
    }

    private Optional<ModelUse> open(ModelRef ref, Parameters parameters, int start) {
        Optional<Model> model = models.get(ref);
        complete &= model.isPresent();
        return model.map(m -> new ModelUse(m, parameters, start));
    }

    private static double position(List<Model> models, String name) {
        for (Model model : models) {
            Optional<LayerName> layer = model.stacks.find(name);
            if (layer.isPresent()) {
                return LayerStack.position(layer.get().index(), layer.get().stack().count());
            }
        }
        return 0;
    }

    private void checkLayerCounts(ModuleTensors scope, List<Model> all) {
        Model first = all.get(0);
        List<LayerStack> stacks =
                scope.isPart()
                        ? scope.parts(first).stream().flatMap(p -> p.stack().stream()).toList()
                        : first.stacks.all();
        for (LayerStack stack : stacks) {
            all.forEach(other -> checkLayerCount(stack, first, other));
        }
    }

    private void checkLayerCount(LayerStack stack, Model first, Model other) {
        for (LayerStack theirs : other.stacks.all()) {
            if (theirs.prefix().equals(stack.prefix()) && theirs.count() != stack.count()) {
                problems.add(
                        Problem.expected(
                                        "layers '"
                                                + stack.prefix()
                                                + "N' of model '"
                                                + other.ref
                                                + "'",
                                        stack.count() + " as in '" + first.ref + "'",
                                        theirs.count())
                                .at(other.ref.location())
                                .hint("choose layers with 'slices', or merge models of one depth"));
            }
        }
    }

    /** A part that two modules mean would be written twice. */
    private void checkOverlaps() {
        for (Model model : models.all()) {
            Map<ModelPart, ModuleTensors> taken = new HashMap<>();
            for (ModuleTensors scope : scopes) {
                if (!uses(scope, model)) {
                    continue;
                }
                for (ModelPart part : scope.parts(model)) {
                    ModuleTensors earlier = taken.putIfAbsent(part, scope);
                    if (earlier != null) {
                        problems.addOnce(
                                "overlap " + scope.section().name(),
                                Problem.of(
                                                "modules '"
                                                        + earlier.section().name()
                                                        + "' and '"
                                                        + scope.section().name()
                                                        + "' are one part of model '"
                                                        + model.ref
                                                        + "': "
                                                        + part.describe())
                                        .at(scope.section().location())
                                        .hint("keep one of them"));
                    }
                }
            }
        }
    }

    private static boolean uses(ModuleTensors scope, Model model) {
        ModuleSection section = scope.section();
        return section.models().stream().anyMatch(entry -> entry.model().equals(model.ref))
                || section.slices().stream()
                        .flatMap(slice -> slice.sources().stream())
                        .anyMatch(source -> source.model().equals(model.ref));
    }

    /** What the donor has and no module means: not written, as the recipe language has it. */
    Optional<Problem> leftOut(Model donor) {
        if (recipe.modules().isEmpty() || !problems.isEmpty()) {
            return Optional.empty();
        }
        List<ModelPart> left = new ArrayList<>(donor.parts().all());
        scopes.forEach(scope -> left.removeAll(scope.parts(donor)));
        long tensors =
                donor.tensors.keySet().stream()
                        .filter(name -> donor.parts().of(name).filter(left::contains).isPresent())
                        .count();
        return left.isEmpty()
                ? Optional.empty()
                : Optional.of(
                        Problem.of(
                                        tensors
                                                + (tensors == 1 ? " tensor" : " tensors")
                                                + " of model '"
                                                + donor.ref
                                                + "' will not be written, as no module names their parts: "
                                                + ModelParts.describe(left))
                                .at(scopes.get(0).section().location())
                                .hint(
                                        "add these under 'modules', with 'models: [{model: "
                                                + donor.ref
                                                + "}]', to keep them"));
    }

    /** In the order of a model's tensors; a tensor it lacks stays behind what it came after. */
    private static List<OutputTensor> ordered(List<OutputTensor> slots, Model model) {
        Map<String, Integer> places = new HashMap<>();
        model.tensors.keySet().forEach(name -> places.put(name, places.size()));
        IdentityHashMap<OutputTensor, Integer> keys = new IdentityHashMap<>();
        int last = 0;
        for (OutputTensor slot : slots) {
            last = places.getOrDefault(slot.name(), last);
            keys.put(slot, last);
        }
        List<OutputTensor> ordered = new ArrayList<>(slots);
        ordered.sort(Comparator.comparing(slot -> Objects.requireNonNull(keys.get(slot))));
        return ordered;
    }
}
