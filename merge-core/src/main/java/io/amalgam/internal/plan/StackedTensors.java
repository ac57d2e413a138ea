package io.amalgam.internal.plan;

import io.amalgam.checkpoint.ConfigChanges;
import io.amalgam.checkpoint.ConfigChanges.LayerChange;
import io.amalgam.checkpoint.ConfigChanges.MergedLayer;
import io.amalgam.checkpoint.ConfigChanges.Origin;
import io.amalgam.error.Problem;
import io.amalgam.internal.layers.LayerStack;
import io.amalgam.internal.layers.NonLayerTensors;
import io.amalgam.internal.plan.OpenModels.Model;
import io.amalgam.recipe.ModelRef;
import io.amalgam.recipe.OutputSlice;
import io.amalgam.recipe.OutputSlice.LayerSource;
import io.amalgam.recipe.Parameters;
import io.amalgam.recipe.Recipe;
import io.amalgam.tensor.Shape;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;

/** The output tensors of a stack made from slices, and of the tensors around it. */
final class StackedTensors {
    private final Recipe recipe;
    private final ModuleTensors scope;
    private final boolean mixesLayers;
    private final boolean uneven;
    private final Problems problems;
    private final List<OutputSlice> slices;
    private final Map<OutputSlice, List<ModelUse>> entries = new LinkedHashMap<>();
    private final LayerSuffixes layerSuffixes;

    /** Opens a model with the parameters of its entry and its first layer. */
    interface Opening {
        Optional<ModelUse> open(ModelRef ref, Parameters parameters, int start);
    }

    StackedTensors(
            Recipe recipe,
            ModuleTensors scope,
            boolean mixesLayers,
            boolean uneven,
            Problems problems) {
        this.recipe = recipe;
        this.scope = scope;
        this.mixesLayers = mixesLayers;
        this.uneven = uneven;
        this.problems = problems;
        this.slices = scope.section().slices();
        this.layerSuffixes = new LayerSuffixes(scope);
    }

    /** Adds the slots; how the layers changed, if nothing hinders that. */
    Optional<StackedLayers> build(Opening models, List<OutputTensor> slots) {
        for (OutputSlice slice : slices) {
            List<ModelUse> opened = new ArrayList<>();
            Map<ModelRef, LayerSource> seen = new HashMap<>();
            for (LayerSource source : slice.sources()) {
                LayerSource earlier = seen.putIfAbsent(source.model(), source);
                if (earlier != null && !(mixesLayers && source.start() != earlier.start())) {
                    problems.add(listedTwice(source, earlier));
                    continue;
                }
                models.open(source.model(), source.parameters(), source.start())
                        .ifPresent(opened::add);
            }
            entries.put(slice, opened);
        }
        Optional<Model> base =
                recipe.baseModel()
                        .flatMap(ref -> models.open(ref, Parameters.EMPTY, 0))
                        .map(ModelUse::model);
        Map<ModelRef, Model> opened = new LinkedHashMap<>();
        entries.values().stream()
                .flatMap(List::stream)
                .forEach(entry -> opened.putIfAbsent(entry.model().ref, entry.model()));
        boolean ranges = checkRanges(opened);
        Optional<Model> first = opened.values().stream().findFirst();
        // A slice none of whose models could be opened has no layers: what is wrong is said.
        boolean all = entries.values().stream().noneMatch(List::isEmpty);
        return ranges && all && first.isPresent()
                ? Optional.of(stack(first.get(), base.orElse(first.get()), slots))
                : Optional.empty();
    }

    private StackedLayers stack(Model shape, Model donor, List<OutputTensor> slots) {
        OutputSlice firstSlice = slices.get(0);
        OutputSlice lastSlice = slices.get(slices.size() - 1);
        LayerStack stack = stackOf(shape);
        addLoose(firstSlice, false, slots);
        StackCheck check = new StackCheck(shape, stack, uneven, problems);
        // Its configuration will describe the layers, though it may lend none.
        scope.stackIfAny(donor).ifPresent(own -> check.layers(donor, own, 0, own.count()));
        Map<Model, Optional<Origin>> origins = new HashMap<>();
        int running = 0;
        List<Integer> sources = new ArrayList<>();
        List<Optional<Origin>> layerOrigins = new ArrayList<>();
        List<List<MergedLayer>> mergedWith = new ArrayList<>();
        List<Model> lenders = new ArrayList<>();
        for (OutputSlice slice : slices) {
            Model lender = opened(slice).get(0).model();
            LayerSource lent = slice.sources().get(0);
            check.layers(lender, stackOf(lender), lent.start(), lent.end());
            for (int k = 0; k < lent.layers(); k++) {
                addLayer(slice, k, stack, running++, slots);
                sources.add(lent.start() + k);
                lenders.add(lender);
                List<MergedLayer> parts = new ArrayList<>();
                for (ModelUse entry : opened(slice)) {
                    parts.add(
                            new MergedLayer(
                                    entry.start() + k,
                                    entry.model().ref.equals(donor.ref)
                                            ? Optional.empty()
                                            : origins.computeIfAbsent(
                                                    entry.model(), this::origin)));
                }
                layerOrigins.add(parts.get(0).origin());
                mergedWith.add(parts.subList(1, parts.size()));
            }
        }
        int extra = addExtra(stack, running, slots);
        addLoose(lastSlice, true, slots);
        addTiedHead(lastSlice, shape, slots);
        int oldCount = scope.stack(donor).map(LayerStack::count).orElse(stack.count());
        LayerChange change =
                new LayerChange(
                        oldCount, sources, layerOrigins, configured(donor), mergedWith, extra);
        LayerColumns.check(lenders, sources, scope, problems);
        SharedBlocks.check(lenders, sources, scope, problems);
        Stages.check(lenders, sources, scope, problems);
        return stacked(change, donor, lenders);
    }

    private StackedLayers stacked(LayerChange change, Model donor, List<Model> lenders) {
        Map<Model, List<Map<String, Shape>>> layers = new HashMap<>();
        List<Map<String, Shape>> after = new ArrayList<>();
        for (int layer = 0; layer < lenders.size(); layer++) {
            after.add(
                    layers.computeIfAbsent(lenders.get(layer), this::tensors)
                            .get(change.sources().get(layer)));
        }
        List<Map<String, Shape>> before =
                scope.stackIfAny(donor).isPresent()
                        ? layers.computeIfAbsent(donor, this::tensors)
                        : List.of();
        List<ModelRef> refs = lenders.stream().map(lender -> lender.ref).toList();
        return new StackedLayers(change, donor.ref, refs, before, after);
    }

    /** What each layer has to have: no constants, nothing that is the stack's. */
    private List<Map<String, Shape>> tensors(Model model) {
        LayerStack stack = stackOf(model);
        Map<Integer, Map<String, Shape>> found = StackCheck.layersOf(model, stack);
        List<Map<String, Shape>> layers = new ArrayList<>();
        for (int layer = 0; layer < stack.count(); layer++) {
            Map<String, Shape> tensors = new TreeMap<>(found.getOrDefault(layer, Map.of()));
            tensors.keySet().removeIf(NonLayerTensors::isBuffer);
            tensors.keySet().removeAll(layerSuffixes.firstOnly(model));
            layers.add(tensors);
        }
        return layers;
    }

    /**
     * Layers behind the last, which are none of the stack: those of the last slice whose models
     * have some. How many were added.
     */
    private int addExtra(LayerStack outputStack, int from, List<OutputTensor> slots) {
        for (int i = slices.size() - 1; i >= 0; i--) {
            List<ModelUse> lenders =
                    opened(slices.get(i)).stream().filter(e -> extra(e.model()) > 0).toList();
            int count = lenders.isEmpty() ? 0 : extra(lenders.get(0).model());
            for (int k = 0; k < count; k++) {
                Set<String> suffixes = new LinkedHashSet<>();
                for (ModelUse entry : lenders) {
                    suffixes.addAll(
                            layerSuffixes.of(entry.model(), stackOf(entry.model()).count() + k));
                }
                for (String suffix : suffixes) {
                    List<OutputTensor.Part> parts = new ArrayList<>();
                    for (ModelUse entry : lenders) {
                        LayerStack own = stackOf(entry.model());
                        String name = own.name(own.count() + k, suffix);
                        parts.add(
                                new OutputTensor.Part(
                                        entry.model(),
                                        entry.model().match(name),
                                        entry.parameters()));
                    }
                    slots.add(slot(outputStack.name(from + k, suffix), 1, parts, slices.get(i)));
                }
            }
            if (count > 0) {
                return count;
            }
        }
        return 0;
    }

    private int extra(Model model) {
        LayerStack own = stackOf(model);
        return model.stacks.all().stream()
                .filter(stack -> stack.prefix().equals(own.prefix()))
                .mapToInt(stack -> stack.count() - own.count())
                .findFirst()
                .orElse(0);
    }

    /** Which of several stacks a configuration's settings must be about; empty for the only one. */
    private Optional<ConfigChanges.Stack> configured(Model donor) {
        if (!scope.isPart() || donor.stacks.all().size() == 1) {
            return Optional.empty();
        }
        return scope.parts(donor).stream()
                .filter(part -> part.stack().isPresent())
                .map(part -> new ConfigChanges.Stack(part.name(), part.words()))
                .findFirst();
    }

    private List<ModelUse> opened(OutputSlice slice) {
        return Objects.requireNonNull(entries.get(slice));
    }

    private LayerStack stackOf(Model model) {
        return scope.stack(model).orElseThrow();
    }

    private Optional<Origin> origin(Model model) {
        int layers = stackOf(model).count();
        return model.checkpoint.config().map(config -> new Origin(config, layers));
    }

    private static Problem listedTwice(LayerSource source, LayerSource earlier) {
        boolean sameLayers = source.start() == earlier.start() && source.end() == earlier.end();
        return Problem.of("model '" + source.model() + "' is listed twice")
                .at(source.model().location())
                .hint(
                        sameLayers
                                ? "list it once, with the sum of its weights"
                                : "a slice merges each model with others; to stack these layers, give each range a slice of its own");
    }

    private boolean checkRanges(Map<ModelRef, Model> models) {
        boolean good = true;
        for (OutputSlice slice : slices) {
            int length = slice.sources().get(0).layers();
            for (LayerSource source : slice.sources()) {
                if (source.layers() != length) {
                    good = false;
                    problems.add(
                            Problem.expected(
                                            "'layer_range' of model '" + source.model() + "'",
                                            length + " layers as in the slice's first source",
                                            source.layers())
                                    .at(source.location())
                                    .hint("take as many layers from every source of a slice"));
                }
                Optional<Model> model = Optional.ofNullable(models.get(source.model()));
                Optional<LayerStack> stack = model.flatMap(scope::stack);
                if (stack.isEmpty()) {
                    good &= model.isEmpty();
                } else if (source.end() > stack.get().count()) {
                    good = false;
                    problems.add(beyond(source, stack.get()));
                }
            }
        }
        return good;
    }

    private Problem beyond(LayerSource source, LayerStack stack) {
        String layers = scope.isPart() ? "layers '" + stack.prefix() + "N'" : "layers";
        return Problem.expected(
                        "'layer_range' of model '" + source.model() + "'",
                        "an end of at most " + stack.count() + ", the number of its " + layers,
                        source.end())
                .at(source.location())
                .hint("layers are counted from 0; the end is exclusive");
    }

    private void addLayer(
            OutputSlice slice,
            int k,
            LayerStack outputStack,
            int outputIndex,
            List<OutputTensor> slots) {
        List<ModelUse> entries = opened(slice);
        // By suffix, whether it is read from the stack's first layer wherever the slice begins.
        Map<String, Boolean> suffixes = new LinkedHashMap<>();
        for (ModelUse entry : entries) {
            Set<String> ofFirst = layerSuffixes.firstOnly(entry.model());
            for (String suffix : layerSuffixes.of(entry.model(), entry.start() + k)) {
                if (!ofFirst.contains(suffix)) {
                    suffixes.put(suffix, false);
                }
            }
            if (outputIndex == 0) {
                ofFirst.forEach(suffix -> suffixes.put(suffix, true));
            }
        }
        double t = LayerStack.position(k, slice.sources().get(0).layers());
        Set<List<Optional<String>>> added = new HashSet<>();
        suffixes.forEach(
                (suffix, ofFirst) -> {
                    List<OutputTensor.Part> parts = new ArrayList<>();
                    for (ModelUse entry : entries) {
                        Model model = entry.model();
                        int layer = ofFirst ? 0 : entry.start() + k;
                        String name = stackOf(model).name(layer, suffix);
                        parts.add(
                                new OutputTensor.Part(
                                        model, model.match(name), entry.parameters()));
                    }
                    if (added.add(parts.stream().map(OutputTensor.Part::tensor).toList())) {
                        slots.add(slot(outputStack.name(outputIndex, suffix), t, parts, slice));
                    }
                    // Else one model spells it differently from the other: it has its slot already.
                });
    }

    private OutputTensor slot(
            String name, double t, List<OutputTensor.Part> parts, OutputSlice slice) {
        return new OutputTensor(
                name,
                t,
                parts,
                slice.parameters(),
                scope.section().parameters(),
                slice.baseModel());
    }

    /**
     * Tensors before the layers come from the first slice's models, those after them from the last
     * slice's.
     */
    private void addLoose(OutputSlice slice, boolean after, List<OutputTensor> slots) {
        List<ModelUse> entries = opened(slice);
        SlotNames.of(entries, scope::has)
                .forEach(
                        (name, parts) -> {
                            boolean layered =
                                    entries.stream()
                                            .anyMatch(e -> e.model().stacks.find(name).isPresent());
                            if (!layered && NonLayerTensors.isAfterLayers(name) == after) {
                                slots.add(slot(name, 0, parts, slice));
                            }
                        });
    }

    /**
     * Where the first model has a head of its own and the last slice's models tie theirs to their
     * embedding, that embedding is the head: the one written at the input is another model's.
     */
    private void addTiedHead(OutputSlice slice, Model first, List<OutputTensor> slots) {
        Optional<String> head =
                first.tensors.keySet().stream()
                        .filter(NonLayerTensors::isHead)
                        .filter(name -> scope.has(first, name))
                        .findFirst();
        boolean written = slots.stream().anyMatch(slot -> NonLayerTensors.isHead(slot.name()));
        if (head.isEmpty() || written) {
            return;
        }
        List<OutputTensor.Part> parts = new ArrayList<>();
        for (ModelUse entry : opened(slice)) {
            parts.add(
                    new OutputTensor.Part(
                            entry.model(), entry.model().tiedTo(head.get()), entry.parameters()));
        }
        if (parts.stream().allMatch(part -> part.tensor().isPresent())) {
            slots.add(slot(head.get(), 0, parts, slice));
        }
    }
}
