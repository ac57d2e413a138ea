package io.amalgam.plan;

import io.amalgam.checkpoint.ConfigChanges.LayerChange;
import io.amalgam.checkpoint.ConfigChanges.Origin;
import io.amalgam.error.Problem;
import io.amalgam.layers.LayerName;
import io.amalgam.layers.LayerStack;
import io.amalgam.layers.LooseTensors;
import io.amalgam.plan.OpenModels.Model;
import io.amalgam.recipe.ModelEntry;
import io.amalgam.recipe.ModelRef;
import io.amalgam.recipe.OutputSlice;
import io.amalgam.recipe.Parameters;
import io.amalgam.recipe.Recipe;
import io.amalgam.recipe.Source;
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

/**
 * Turns a recipe's {@code models} or {@code slices} into slots: which tensors of which models make
 * which output tensor.
 */
final class SlotBuilder {
    private final Recipe recipe;
    private final OpenModels models;
    private final boolean mixesLayers;
    private final boolean uneven;
    private final Problems problems;
    private boolean complete = true;
    private Optional<LayerChange> layerChange = Optional.empty();

    /**
     * @param mixesLayers whether the method may merge layers of one model with each other
     * @param uneven whether a stack may hold layers that differ in what tensors they have
     */
    SlotBuilder(
            Recipe recipe,
            OpenModels models,
            boolean mixesLayers,
            boolean uneven,
            Problems problems) {
        this.recipe = recipe;
        this.models = models;
        this.mixesLayers = mixesLayers;
        this.uneven = uneven;
        this.problems = problems;
    }

    /** The slots in the order of the first model's tensors; what is wrong goes to the problems. */
    List<Slot> build() {
        return recipe.slices().isEmpty() ? wholeModels() : slices();
    }

    /** How the layers changed; known once the slots are built. */
    Optional<LayerChange> layerChange() {
        return layerChange;
    }

    /** Whether every model could be opened: otherwise the slots lack the parts of the others. */
    boolean complete() {
        return complete;
    }

    /**
     * A model with the parameters written at its entry.
     *
     * @param start its first layer, where there are slices
     */
    private record Entry(Model model, Parameters parameters, int start) {}

    private List<Slot> wholeModels() {
        List<Entry> entries = new ArrayList<>();
        Set<ModelRef> seen = new HashSet<>();
        for (ModelEntry entry : recipe.models()) {
            if (!seen.add(entry.model())) {
                problems.add(
                        listedTwice(entry.model(), "list it once, with the sum of its weights"));
                continue;
            }
            open(entry.model(), entry.parameters(), 0).ifPresent(entries::add);
        }
        if (recipe.baseModel().isPresent() && seen.add(recipe.baseModel().get())) {
            open(recipe.baseModel().get(), Parameters.EMPTY, 0).ifPresent(entries::add);
        }
        if (entries.isEmpty()) {
            return List.of();
        }
        checkLayerCounts(entries.stream().map(Entry::model).toList());
        Map<String, List<Optional<String>>> names = new LinkedHashMap<>();
        for (int i = 0; i < entries.size(); i++) {
            collectNames(entries.get(i).model(), i, names);
        }
        List<Slot> slots = new ArrayList<>();
        names.forEach(
                (name, spellings) -> {
                    List<Slot.Part> parts = new ArrayList<>();
                    for (int i = 0; i < entries.size(); i++) {
                        Model model = entries.get(i).model();
                        Optional<String> own =
                                i < spellings.size() ? spellings.get(i) : Optional.empty();
                        parts.add(
                                new Slot.Part(
                                        model,
                                        own.or(() -> model.tiedTo(name)),
                                        entries.get(i).parameters()));
                    }
                    slots.add(
                            new Slot(
                                    name,
                                    position(entries, name),
                                    parts,
                                    Parameters.EMPTY,
                                    Optional.empty()));
                });
        return slots;
    }

    private Optional<Entry> open(ModelRef ref, Parameters parameters, int start) {
        Optional<Model> model = models.get(ref);
        complete &= model.isPresent();
        return model.map(m -> new Entry(m, parameters, start));
    }

    private static double position(List<Entry> entries, String name) {
        for (Entry entry : entries) {
            Optional<LayerName> layer = entry.model().stacks.find(name);
            if (layer.isPresent()) {
                return LayerStack.position(layer.get().index(), layer.get().stack().count());
            }
        }
        return 0;
    }

    /**
     * Adds model {@code index}'s spelling of every name known so far, then the names only it has.
     */
    private static void collectNames(
            Model model, int index, Map<String, List<Optional<String>>> names) {
        Set<String> used = new HashSet<>();
        names.forEach(
                (name, spellings) -> {
                    Optional<String> own = model.match(name);
                    own.ifPresent(used::add);
                    spellings.add(own);
                });
        for (String name : model.tensors.keySet()) {
            if (!used.contains(name)) {
                List<Optional<String>> spellings = new ArrayList<>();
                for (int i = 0; i < index; i++) {
                    spellings.add(Optional.empty());
                }
                spellings.add(Optional.of(name));
                names.put(name, spellings);
            }
        }
    }

    private void checkLayerCounts(List<Model> all) {
        Model first = all.get(0);
        for (LayerStack stack : first.stacks.all()) {
            for (Model other : all) {
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
                                        .hint(
                                                "choose layers with 'slices', or merge models of one depth"));
                    }
                }
            }
        }
    }

    private static Problem listedTwice(ModelRef ref, String hint) {
        return Problem.of("model '" + ref + "' is listed twice").at(ref.location()).hint(hint);
    }

    private static Problem listedTwice(Source source, Source earlier) {
        boolean sameLayers = source.start() == earlier.start() && source.end() == earlier.end();
        return listedTwice(
                source.model(),
                sameLayers
                        ? "list it once, with the sum of its weights"
                        : "a slice merges each model with others; to stack these layers, give each range a slice of its own");
    }

    private List<Slot> slices() {
        Map<OutputSlice, List<Entry>> entries = new LinkedHashMap<>();
        for (OutputSlice slice : recipe.slices()) {
            List<Entry> opened = new ArrayList<>();
            Map<ModelRef, Source> seen = new HashMap<>();
            for (Source source : slice.sources()) {
                Source earlier = seen.putIfAbsent(source.model(), source);
                if (earlier != null && !(mixesLayers && source.start() != earlier.start())) {
                    problems.add(listedTwice(source, earlier));
                    continue;
                }
                open(source.model(), source.parameters(), source.start()).ifPresent(opened::add);
            }
            entries.put(slice, opened);
        }
        recipe.baseModel().ifPresent(base -> open(base, Parameters.EMPTY, 0));
        boolean ranges = checkRanges();
        Optional<Model> first =
                entries.values().stream().flatMap(List::stream).map(Entry::model).findFirst();
        if (!ranges || first.isEmpty()) {
            return List.of();
        }
        OutputSlice firstSlice = recipe.slices().get(0);
        OutputSlice lastSlice = recipe.slices().get(recipe.slices().size() - 1);
        Model shape = first.get();
        LayerStack stack = onlyStack(shape).orElseThrow();

        List<Slot> slots = new ArrayList<>();
        addLoose(firstSlice, Objects.requireNonNull(entries.get(firstSlice)), false, slots);
        StackCheck check = new StackCheck(shape, stack, uneven, problems);
        Model donor = recipe.baseModel().flatMap(models::get).orElse(shape);
        // Its configuration will describe the layers, though it may lend none.
        if (donor.stacks.all().size() == 1) {
            LayerStack own = donor.stacks.all().get(0);
            check.layers(donor, own, 0, own.count());
        }
        Map<Model, Optional<Origin>> origins = new HashMap<>();
        int running = 0;
        List<Integer> sources = new ArrayList<>();
        List<Optional<Origin>> layerOrigins = new ArrayList<>();
        for (OutputSlice slice : recipe.slices()) {
            Model lender = Objects.requireNonNull(entries.get(slice)).get(0).model();
            Source lent = slice.sources().get(0);
            check.layers(lender, onlyStack(lender).orElseThrow(), lent.start(), lent.end());
            int length = slice.sources().get(0).layers();
            for (int k = 0; k < length; k++) {
                addLayer(
                        slice,
                        Objects.requireNonNull(entries.get(slice)),
                        k,
                        stack,
                        running++,
                        slots);
                sources.add(slice.sources().get(0).start() + k);
                layerOrigins.add(
                        lender.ref.equals(donor.ref)
                                ? Optional.empty()
                                : origins.computeIfAbsent(lender, this::origin));
            }
        }
        addLoose(lastSlice, Objects.requireNonNull(entries.get(lastSlice)), true, slots);
        addTiedHead(lastSlice, Objects.requireNonNull(entries.get(lastSlice)), shape, slots);
        check.vocabularies(slots);
        int oldCount = onlyStack(donor).map(LayerStack::count).orElse(stack.count());
        layerChange = Optional.of(new LayerChange(oldCount, sources, layerOrigins));
        return slots;
    }

    private Optional<Origin> origin(Model model) {
        int layers = onlyStack(model).orElseThrow().count();
        return model.checkpoint.config().map(config -> new Origin(config, layers));
    }

    private boolean checkRanges() {
        boolean good = true;
        for (OutputSlice slice : recipe.slices()) {
            int length = slice.sources().get(0).layers();
            for (Source source : slice.sources()) {
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
                Optional<Model> model = models.get(source.model());
                Optional<LayerStack> stack = model.flatMap(this::onlyStack);
                if (stack.isEmpty()) {
                    good &= model.isEmpty();
                } else if (source.end() > stack.get().count()) {
                    good = false;
                    problems.add(
                            Problem.expected(
                                            "'layer_range' of model '" + source.model() + "'",
                                            "an end of at most "
                                                    + stack.get().count()
                                                    + ", the number of its layers",
                                            source.end())
                                    .at(source.location())
                                    .hint(
                                            "layers are counted from 0; the end is the layer after the last one"));
                }
            }
        }
        return good;
    }

    /** The model's one layer stack; none or several are a problem. */
    private Optional<LayerStack> onlyStack(Model model) {
        List<LayerStack> all = model.stacks.all();
        if (all.size() == 1) {
            return Optional.of(all.get(0));
        }
        String found =
                all.isEmpty()
                        ? "none"
                        : String.join(
                                ", ", all.stream().map(s -> "'" + s.prefix() + "N'").toList());
        problems.addOnce(
                "layer stacks of " + model.ref,
                Problem.expected("layer stacks of model '" + model.ref + "'", "one", found)
                        .at(model.ref.location())
                        .hint(
                                all.isEmpty()
                                        ? "its tensor names have no numbered layers; use 'models' instead of 'slices'"
                                        : "'slices' needs a model with one stack; use 'models'"));
        return Optional.empty();
    }

    private void addLayer(
            OutputSlice slice,
            List<Entry> entries,
            int k,
            LayerStack outputStack,
            int outputIndex,
            List<Slot> slots) {
        Set<String> suffixes = new LinkedHashSet<>();
        for (Entry entry : entries) {
            Model model = entry.model();
            String layer = onlyStack(model).orElseThrow().name(entry.start() + k, "");
            for (String name : model.tensors.keySet()) {
                if (name.startsWith(layer)) {
                    suffixes.add(name.substring(layer.length()));
                }
            }
        }
        double t = LayerStack.position(k, slice.sources().get(0).layers());
        Set<List<Optional<String>>> added = new HashSet<>();
        for (String suffix : suffixes) {
            List<Slot.Part> parts = new ArrayList<>();
            for (Entry entry : entries) {
                Model model = entry.model();
                String name = onlyStack(model).orElseThrow().name(entry.start() + k, suffix);
                parts.add(new Slot.Part(model, model.match(name), entry.parameters()));
            }
            if (!added.add(parts.stream().map(Slot.Part::tensor).toList())) {
                // One model spells it differently from the other: it has its slot already.
                continue;
            }
            slots.add(
                    new Slot(
                            outputStack.name(outputIndex, suffix),
                            t,
                            parts,
                            slice.parameters(),
                            slice.baseModel()));
        }
    }

    /**
     * Tensors before the layers come from the first slice's models, those after them from the last
     * slice's.
     */
    private static void addLoose(
            OutputSlice slice, List<Entry> entries, boolean after, List<Slot> slots) {
        Map<String, List<Optional<String>>> names = new LinkedHashMap<>();
        for (int i = 0; i < entries.size(); i++) {
            collectNames(entries.get(i).model(), i, names);
        }
        names.forEach(
                (name, spellings) -> {
                    boolean layered =
                            entries.stream().anyMatch(e -> e.model().stacks.find(name).isPresent());
                    if (layered || LooseTensors.isAfterLayers(name) != after) {
                        return;
                    }
                    List<Slot.Part> parts = new ArrayList<>();
                    for (int i = 0; i < entries.size(); i++) {
                        Model model = entries.get(i).model();
                        Optional<String> own =
                                i < spellings.size() ? spellings.get(i) : Optional.empty();
                        parts.add(
                                new Slot.Part(
                                        model,
                                        own.or(() -> model.tiedTo(name)),
                                        entries.get(i).parameters()));
                    }
                    slots.add(new Slot(name, 0, parts, slice.parameters(), slice.baseModel()));
                });
    }

    /**
     * Where the first model has a head of its own and the last slice's models tie theirs to their
     * embedding, that embedding is the head: the one written at the input is another model's.
     */
    private static void addTiedHead(
            OutputSlice slice, List<Entry> entries, Model first, List<Slot> slots) {
        Optional<String> head =
                first.tensors.keySet().stream().filter(LooseTensors::isHead).findFirst();
        boolean written = slots.stream().anyMatch(slot -> LooseTensors.isHead(slot.name()));
        if (head.isEmpty() || written) {
            return;
        }
        List<Slot.Part> parts = new ArrayList<>();
        for (Entry entry : entries) {
            parts.add(
                    new Slot.Part(
                            entry.model(), entry.model().tiedTo(head.get()), entry.parameters()));
        }
        if (parts.stream().allMatch(part -> part.tensor().isPresent())) {
            slots.add(new Slot(head.get(), 0, parts, slice.parameters(), slice.baseModel()));
        }
    }
}
