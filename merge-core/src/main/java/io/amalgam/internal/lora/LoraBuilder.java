package io.amalgam.internal.lora;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.amalgam.checkpoint.Checkpoint;
import io.amalgam.checkpoint.Checkpoint.Quantisation;
import io.amalgam.checkpoint.TensorSource;
import io.amalgam.error.BadInputException;
import io.amalgam.error.Problem;
import io.amalgam.internal.layers.NonLayerTensors;
import io.amalgam.internal.layers.TiedTensors;
import io.amalgam.tensor.Shape;
import io.amalgam.tensor.TensorInfo;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;

/** Matches adapters' modules with a base's tensors, and checks that they fit. */
final class LoraBuilder {
    /** Tensors whose factors are held at a time: more than a merge reads at once. */
    static final int HELD = Runtime.getRuntime().availableProcessors() + 2;

    private final Checkpoint base;
    private final String baseName;
    private final ModuleMatcher matcher;
    private final List<Problem> problems = new ArrayList<>();
    private final Causes causes = new Causes();
    private final List<LoraMatch> matches = new ArrayList<>();
    private final Map<String, TensorSource> tensors;
    private final TensorEdits edits;
    private final Optional<TiedTensors> tied;
    private final ExpertChanges experts;
    private final ExpertTerms expertTerms = new ExpertTerms();
    private long expertBytes;
    private final List<Problem> warnings = new ArrayList<>();
    private final Orientation orientation;
    private final Resizing resizing;
    private final TaskHead head;

    /**
     * @throws BadInputException with every problem
     */
    LoraBuilder(Checkpoint base, String baseName, List<WeightedAdapter> adapters) {
        this.base = base;
        this.baseName = baseName;
        this.matcher = new ModuleMatcher(base.tensors().keySet(), new ModuleNames(base.config()));
        this.orientation = new Orientation(base);
        this.tensors = new LinkedHashMap<>(base.tensors());
        Optional<TiedTensors> said =
                TiedTensors.of(base.tensors(), tensor -> tensor.info().shape(), base.config());
        this.tied = said.or(this::headAlone);
        this.edits = new TensorEdits(base.tensors(), tied, said.isPresent());
        this.head = new TaskHead(base);
        this.resizing = new Resizing(base.tensors(), tied, baseName);
        this.experts = new ExpertChanges(base.tensors(), matcher);
        Optional<Quantisation> how = base.quantisation();
        if (how.filter(q -> !q.readable()).isPresent()) {
            throw new BadInputException(
                    Problem.expected(
                                    "base model '"
                                            + baseName
                                            + "' of adapter '"
                                            + adapters.get(0).adapter().name()
                                            + "'",
                                    "unquantised weights, or a quantised format that is read",
                                    how.get().name())
                            .hint("apply the adapter to the model it was quantised from"));
        }
        how.ifPresent(
                q ->
                        warnings.add(
                                Problem.of(
                                                "adapters are added to the dequantised weights of base model '"
                                                        + baseName
                                                        + "' ("
                                                        + q.name()
                                                        + ")")
                                        .hint(
                                                "that is what was trained if it was trained on this quantised model; else give the model it was trained on")));
        adapters.forEach(this::match);
        problems.addAll(causes.problems());
        edits.settle();
        problems.addAll(edits.problems());
        problems.addAll(resizing.problems(edits, adapters));
        head.problem().ifPresent(problems::add);
        if (!problems.isEmpty()) {
            throw new BadInputException(problems);
        }
        FactorCache cache = new FactorCache(HELD);
        long ofOne = 0;
        for (String name : expertTerms.tensors()) {
            ExpertTerms.Stack stack = expertTerms.stack(name, source(name), cache);
            tensors.put(name, stack.tensor());
            ofOne = Math.max(ofOne, stack.factorBytes());
        }
        expertBytes += HELD * ofOne;
        edits.build(tensors, cache);
        resizing.follow(edits, tensors);
        buildHead();
    }

    Map<String, TensorSource> tensors() {
        return tensors;
    }

    List<LoraMatch> matches() {
        return List.copyOf(matches);
    }

    /** What its settings say that is not understood, or not so. */
    List<Problem> warnings() {
        return List.copyOf(warnings);
    }

    boolean unties() {
        return edits.unties();
    }

    /** Rows for tokens, where an adapter has another number of them than the base. */
    Optional<Resizing.Vocabulary> vocabulary() {
        return resizing.vocabulary();
    }

    /** Bytes held of experts' factors. */
    long expertBytes() {
        return expertBytes;
    }

    private TensorSource source(String name) {
        return edits.source(name).orElseThrow();
    }

    /** A head that only an adapter speaks of, of a base whose settings are not there. */
    private Optional<TiedTensors> headAlone() {
        Set<String> names = base.tensors().keySet();
        return names.stream().anyMatch(NonLayerTensors::isHead)
                ? Optional.empty()
                : TiedTensors.embedding(names, base.config())
                        .map(e -> new TiedTensors(e, Optional.of("lm_head.weight"), List.of()));
    }

    private Optional<String> tensor(String name) {
        return matcher.tensor(name).or(() -> tied.flatMap(t -> t.find(name)));
    }

    private void match(WeightedAdapter weighted) {
        Adapter adapter = weighted.adapter();
        List<String> unmatched = new ArrayList<>();
        Map<String, String> taken = new LinkedHashMap<>();
        List<String> turned = new ArrayList<>();
        boolean both =
                adapter.config()
                        .map(c -> c.path("ensure_weight_tying").asBoolean(false))
                        .orElse(false);
        adapter.whole()
                .forEach(
                        (name, value) -> {
                            // What lies under factors belongs to every module that is tied to it.
                            String module = name.replaceFirst("\\.weight$", "");
                            boolean under =
                                    adapter.modules().containsKey(module)
                                            || adapter.rows().containsKey(name);
                            Optional<String> tensor = tensor(name);
                            matches.add(
                                    new LoraMatch(
                                            adapter.name(),
                                            name,
                                            head.brings(name, value, tensor)
                                                    ? Optional.of(name)
                                                    : tensor,
                                            Optional.empty()));
                            if (head.brings(name, value, tensor)) {
                                head(weighted, name, value);
                            } else if (tensor.isEmpty()) {
                                unmatched.add(name);
                            } else if (under || alone(adapter, name, tensor.get(), taken)) {
                                whole(weighted, value, tensor.get(), false, both || under);
                            }
                        });
        adapter.rows()
                .forEach(
                        (name, rows) -> {
                            Optional<String> tensor = tensor(name);
                            matches.add(
                                    new LoraMatch(adapter.name(), name, tensor, Optional.empty()));
                            if (tensor.isEmpty()) {
                                unmatched.add(name);
                            } else if (alone(adapter, name, tensor.get(), taken)) {
                                rows(weighted, rows, tensor.get());
                            }
                        });
        Set<String> elsewhere = matcher.elsewhere(adapter.modules().keySet());
        if (!elsewhere.isEmpty()) {
            warnings.add(leftOut(adapter, elsewhere));
        }
        // Such a start gives the head factors of its own, tied or not.
        boolean ownFactors =
                adapter.modules().values().stream()
                        .anyMatch(
                                m ->
                                        m.start() != LoraModule.Start.NOTHING
                                                && tensor(m.name() + ".weight")
                                                        .filter(edits::isTied)
                                                        .isPresent());
        for (LoraModule read : adapter.modules().values()) {
            // A base layer in the file is what training went over: nothing is to be taken out.
            boolean begun = adapter.whole().containsKey(read.name() + ".weight");
            LoraModule stored = begun ? read.begun() : read;
            if (elsewhere.contains(stored.name()) || third(weighted, stored, taken, unmatched)) {
                continue;
            }
            if (experts(weighted, stored, taken, unmatched)) {
                continue;
            }
            Optional<String> tensor =
                    matcher.weight(stored.name())
                            .or(() -> tied.flatMap(t -> t.find(stored.name() + ".weight")));
            LoraModule module = tensor.map(name -> lying(stored, name)).orElse(stored);
            if (module.kind() != stored.kind()) {
                turned.add(module.name());
            }
            matches.add(new LoraMatch(adapter.name(), module.name(), tensor, Optional.of(module)));
            if (tensor.isEmpty()) {
                unmatched.add(module.name());
            } else if (alone(adapter, module.name(), tensor.get(), taken)
                    && fits(adapter, module, tensor.get())) {
                edits.add(
                        tensor.get(),
                        new LoraTensor.Term(module, weighted.weight(), adapter.name()),
                        both && !ownFactors);
                bias(weighted, module, tensor.get());
            }
        }
        adapter.changes()
                .forEach(
                        (name, value) -> {
                            Optional<String> tensor = matcher.tensor(name);
                            matches.add(
                                    new LoraMatch(adapter.name(), name, tensor, Optional.empty()));
                            if (tensor.isEmpty()) {
                                unmatched.add(name);
                            } else if (alone(adapter, name, tensor.get(), taken)
                                    && arithmetic(
                                            source(tensor.get()).info(),
                                            "tensor '" + name + "' of '" + adapter.name() + "'")) {
                                // A task vector speaks of tensors in files.
                                whole(weighted, value, tensor.get(), true, !headStored());
                            }
                        });
        adapter.config().ifPresent(settings -> promises(adapter, settings, unmatched.isEmpty()));
        if (!unmatched.isEmpty()) {
            problems.add(unmatched(adapter, unmatched));
        } else if (!turned.isEmpty() && adapter.config().isPresent()) {
            warnings.add(turned(adapter, turned));
        }
        warnings.addAll(adapter.warnings());
    }

    /** Settings against what is there; layers only where all names were found. */
    private void promises(Adapter adapter, ObjectNode settings, boolean allFound) {
        Promises promises = new Promises(adapter, settings, this::has, this::tensor, tied);
        problems.addAll(promises.missing());
        if (!allFound) {
            return;
        }
        Set<String> changed = new HashSet<>();
        for (LoraMatch match : matches) {
            if (match.adapter().equals(adapter.name())) {
                match.tensor().ifPresent(changed::add);
            }
        }
        promises.incomplete(changed, matcher.modules(base.config())).ifPresent(warnings::add);
    }

    /** Whether the base has a module, by the end or a part of its name. */
    private boolean has(String module) {
        return tensor(module + ".weight").isPresent()
                || base.tensors().keySet().stream()
                        .anyMatch(name -> ("." + name).contains("." + module + "."));
    }

    private void head(WeightedAdapter weighted, String name, TensorSource value) {
        Adapter adapter = weighted.adapter();
        head.add(
                        name,
                        new BlendedTensor.Part(value, weighted.weight(), false, adapter.name()),
                        adapter)
                .ifPresent(problems::add);
    }

    /** What all adapters call the model that the base is, where the base calls it otherwise. */
    private String prefix() {
        Set<String> prefixes = new LinkedHashSet<>();
        for (LoraMatch match : matches) {
            String tensor = match.tensor().orElse("").replaceFirst("\\.weight$", "");
            String module = match.module();
            String inner = tensor.replaceFirst("^model\\.", "");
            if (match.factors().isPresent()) {
                boolean other = module.equals(TaskHead.OTHER + inner) && !module.equals(tensor);
                boolean inside = other || module.endsWith("." + tensor);
                String rest = other ? inner : tensor;
                prefixes.add(inside ? module.substring(0, module.length() - rest.length()) : "");
            }
        }
        return prefixes.size() == 1 ? prefixes.iterator().next() : "";
    }

    /** Puts the head of a task in the place of that for tokens. */
    private void buildHead() {
        if (head.isEmpty()) {
            return;
        }
        List<String> left = head.build(tensors, prefix());
        if (!left.isEmpty()) {
            warnings.add(
                    Problem.of(
                                    "model '"
                                            + baseName
                                            + "' gets the adapter's head, and its own for tokens is left out: '"
                                            + String.join("', '", left)
                                            + "'")
                            .hint("models of this task have no other head"));
        }
        head.missing(tensors.keySet())
                .map(
                        lacking ->
                                Problem.expected(
                                                "model '" + baseName + "' with the adapter's head",
                                                "'"
                                                        + lacking
                                                        + ".weight' and '"
                                                        + lacking
                                                        + ".bias', which the head reads",
                                                "neither in the base nor in the adapter")
                                        .hint(
                                                "readers draw them at random: apply the adapter to a base that has them"))
                .ifPresent(warnings::add);
        if (!base.config().map(head::isNamed).orElse(true)) {
            warnings.add(
                    Problem.expected(
                                    "settings of an adapter with a head of its own",
                                    "'task_type' or 'auto_mapping'",
                                    "neither")
                            .hint(
                                    "'architectures' in config.json is still the base's: correct it"));
        }
    }

    /** The head of a task that the adapters bring; empty where they bring none. */
    Optional<TaskHead> head() {
        return Optional.of(head).filter(h -> !h.isEmpty());
    }

    private boolean headStored() {
        return tied.flatMap(TiedTensors::head).filter(base.tensors()::containsKey).isPresent();
    }

    /** The base decides how a matrix lies; the adapter's word counts where it does not say. */
    private LoraModule lying(LoraModule module, String tensor) {
        if (module.kind() == LoraModule.Kind.EMBEDDING) {
            return module;
        }
        if (PipelineNames.isTurned(tensor)) {
            return module.lying(LoraModule.Kind.TRANSPOSED);
        }
        Shape shape = edits.shape(tensor);
        return orientation
                .flipped(tensor, shape, module.in(), module.out())
                .map(flipped -> flipped ? LoraModule.Kind.TRANSPOSED : LoraModule.Kind.LINEAR)
                .map(module::lying)
                .orElse(module);
    }

    private static Problem turned(Adapter adapter, List<String> modules) {
        LoraModule first = Objects.requireNonNull(adapter.modules().get(modules.get(0)));
        boolean flag = first.kind() == LoraModule.Kind.TRANSPOSED;
        return Problem.expected(
                        "'fan_in_fan_out' of adapter '" + adapter.name() + "'",
                        !flag
                                + " for "
                                + modules.size()
                                + " of "
                                + adapter.modules().size()
                                + " modules, such as '"
                                + modules.get(0)
                                + "'",
                        flag)
                .hint("they are merged as the base's weights lie");
    }

    /**
     * Rows of an embedding are PEFT's of what is tied to it, too; those of a head alone are not.
     */
    private boolean hasRows(Adapter adapter, TiedTensors ends) {
        return adapter.rows().keySet().stream()
                .anyMatch(name -> tensor(name).equals(Optional.of(ends.embedding())));
    }

    private void rows(WeightedAdapter weighted, RowValues rows, String tensor) {
        Shape shape = edits.shape(tensor);
        int largest = rows.indices().stream().mapToInt(i -> i).max().orElse(-1);
        boolean fits = shape.rank() == 2 && shape.dim(1) == rows.width() && largest < shape.dim(0);
        if (!fits) {
            problems.add(
                    Problem.expected(
                                    "tensor '"
                                            + rows.values().info().name()
                                            + "' of adapter '"
                                            + weighted.adapter().name()
                                            + "'",
                                    "rows of " + shape + " as in model '" + baseName + "'",
                                    rows.values().info().shape() + " for rows up to " + largest)
                            .hint("the adapter was trained for another model or vocabulary"));
            return;
        }
        boolean otherEnd =
                tied.isPresent()
                        && weighted.adapter().rows().entrySet().stream()
                                .anyMatch(
                                        e ->
                                                !tensor(e.getKey()).equals(Optional.of(tensor))
                                                        && !e.getValue()
                                                                .indices()
                                                                .equals(rows.indices()));
        edits.add(
                tensor,
                new RowsTensor.Part(rows, weighted.weight(), weighted.adapter().name()),
                !otherEnd && tied.filter(t -> hasRows(weighted.adapter(), t)).isPresent());
    }

    private Problem leftOut(Adapter adapter, Set<String> modules) {
        return Problem.expected(
                        "adapter '" + adapter.name() + "'",
                        "modules of the part of a pipeline that model '" + baseName + "' is",
                        modules.size()
                                + " of "
                                + adapter.modules().size()
                                + " of other parts, such as '"
                                + modules.iterator().next()
                                + "'")
                .hint("they are left out; merge the adapter into those parts, too");
    }

    /** Whether a module is a third of a matrix of query, key and value, and has been dealt with. */
    private boolean third(
            WeightedAdapter weighted,
            LoraModule module,
            Map<String, String> taken,
            List<String> unmatched) {
        Optional<PipelineNames.Target> found =
                matcher.part(module.name()).filter(t -> t.third().isPresent());
        if (found.isEmpty()) {
            return false;
        }
        Adapter adapter = weighted.adapter();
        String tensor = found.get().tensor();
        int third = found.get().third().orElseThrow();
        matches.add(
                new LoraMatch(
                        adapter.name(), module.name(), Optional.of(tensor), Optional.of(module)));
        Shape shape = source(tensor).info().shape();
        boolean fits =
                shape.rank() == 2
                        && shape.dim(0) == 3 * module.out()
                        && shape.dim(1) == module.in()
                        && module.magnitude()
                                .map(m -> m.info().elements() == module.out())
                                .orElse(true);
        if (!fits) {
            problems.add(
                    Problem.expected(
                                    "module '"
                                            + module.name()
                                            + "' of adapter '"
                                            + adapter.name()
                                            + "'",
                                    "a change of a third of "
                                            + shape
                                            + " for tensor '"
                                            + tensor
                                            + "' of model '"
                                            + baseName
                                            + "'",
                                    module.out() + " x " + module.in())
                            .hint("the adapter was trained for another model"));
        } else if (module.start() != LoraModule.Start.NOTHING) {
            problems.add(decomposed(module, adapter));
        } else if (module.bias().isPresent()) {
            unmatched.add(module.name() + ".bias");
        } else if (alone(adapter, module.name(), tensor + " (part " + third + ")", taken)
                && arithmetic(source(tensor).info(), "module '" + module.name() + "'")) {
            expertTerms.add(
                    tensor, third, new LoraTensor.Term(module, weighted.weight(), adapter.name()));
        }
        return true;
    }

    /** Whether a module is about experts, and has been dealt with. */
    private boolean experts(
            WeightedAdapter weighted,
            LoraModule module,
            Map<String, String> taken,
            List<String> unmatched) {
        boolean parameter = module.experts().isPresent();
        if (!parameter && matcher.weight(module.name()).isPresent()) {
            return false;
        }
        Adapter adapter = weighted.adapter();
        if (module.start() != LoraModule.Start.NOTHING && parameter) {
            problems.add(decomposed(module, adapter));
            return true;
        }
        expertBytes = Math.max(expertBytes, ExpertChanges.bytesHeld(module));
        ExpertChanges.Found found =
                parameter ? experts.ofParameter(module, adapter) : experts.ofOne(module);
        if (!parameter && found.tensors().isEmpty()) {
            return false;
        }
        matches.add(
                new LoraMatch(adapter.name(), module.name(), found.tensors(), Optional.of(module)));
        if (found.tensors().isEmpty()) {
            unmatched.add(module.name());
        } else if (found.changes().isEmpty()) {
            problems.add(ExpertChanges.misfit(module, adapter, found, baseName));
        }
        if (module.start() != LoraModule.Start.NOTHING && !found.changes().isEmpty()) {
            problems.add(decomposed(module, adapter));
            return true;
        }
        for (ExpertChanges.Change change : found.changes()) {
            String tensor = change.tensor();
            String place =
                    tensor
                            + change.expert()
                                    .map(e -> " of expert " + e + "." + change.part())
                                    .orElse("");
            if (!alone(adapter, module.name(), place, taken)
                    || !arithmetic(source(tensor).info(), "module '" + module.name() + "'")) {
                break;
            }
            LoraTensor.Term term =
                    new LoraTensor.Term(change.module(), weighted.weight(), adapter.name());
            if (change.expert().isPresent()) {
                expertTerms.add(tensor, change.expert().get(), term);
            } else {
                edits.add(tensor, term, false);
            }
        }
        return true;
    }

    private Problem decomposed(LoraModule module, Adapter adapter) {
        return Problem.expected(
                        "module '" + module.name() + "' of adapter '" + adapter.name() + "'",
                        "a matrix that is a tensor of model '"
                                + baseName
                                + "', as"
                                + " 'init_lora_weights' decomposes it",
                        "one tensor of several")
                .hint("use the model the adapter was trained for, with an expert each");
    }

    private boolean alone(
            Adapter adapter, String module, String tensor, Map<String, String> taken) {
        String earlier = taken.putIfAbsent(tensor, module);
        if (earlier == null) {
            return true;
        }
        causes.add(
                "twice by " + adapter.name(),
                Problem.of(
                        "modules '"
                                + earlier
                                + "' and '"
                                + module
                                + "' of adapter '"
                                + adapter.name()
                                + "' both match tensor '"
                                + tensor
                                + "' of model '"
                                + baseName
                                + "'"),
                "the adapter is of a model with more parts than this one");
        return false;
    }

    private void bias(WeightedAdapter weighted, LoraModule module, String weight) {
        if (module.bias().isEmpty()) {
            return;
        }
        String name = weight.replaceFirst("\\.weight$", ".bias");
        if (!base.tensors().containsKey(name)) {
            causes.add(
                    "bias of " + weighted.adapter().name(),
                    Problem.expected(
                            "'lora_bias' of adapter '" + weighted.adapter().name() + "'",
                            "a bias in model '" + baseName + "' to add to",
                            "none for module '" + module.name() + "'"),
                    "no weights without biases can hold it: serve it as an adapter");
            return;
        }
        double factor = weighted.weight() * module.scale();
        WeightedAdapter scaled = new WeightedAdapter(weighted.adapter(), factor);
        whole(scaled, module.bias().get(), name, true, false);
    }

    private void whole(
            WeightedAdapter weighted,
            TensorSource value,
            String tensor,
            boolean added,
            boolean both) {
        BlendedTensor.Part part =
                new BlendedTensor.Part(value, weighted.weight(), added, weighted.adapter().name());
        Shape shape = source(tensor).info().shape();
        if (!value.info().shape().equals(shape)
                && (added || !resizing.accepts(tensor, value, weighted.adapter()))) {
            problems.add(
                    Problem.expected(
                                    "tensor '"
                                            + value.info().name()
                                            + "' of adapter '"
                                            + weighted.adapter().name()
                                            + "'",
                                    shape + " as in model '" + baseName + "'",
                                    value.info().shape())
                            .hint("the adapter was trained for another model or vocabulary"));
            return;
        }
        edits.add(tensor, part, both);
    }

    private boolean fits(Adapter adapter, LoraModule module, String tensor) {
        TensorInfo info =
                new TensorInfo(tensor, source(tensor).info().dtype(), edits.shape(tensor));
        String what = "module '" + module.name() + "' of adapter '" + adapter.name() + "'";
        if (!arithmetic(info, what)) {
            return false;
        }
        if (module.start() != LoraModule.Start.NOTHING && !Residual.possible(info.dtype())) {
            problems.add(
                    Problem.expected(
                                    "tensor '" + tensor + "' of model '" + baseName + "'",
                                    "F32, F16 or BF16, which 'init_lora_weights' of adapter '"
                                            + adapter.name()
                                            + "' can decompose",
                                    info.dtype())
                            .hint("use the model the adapter was trained for"));
            return false;
        }
        long rows = info.shape().rank() == 0 ? 1 : info.shape().dim(0);
        long cols = rows == 0 ? 0 : info.elements() / rows;
        long wantedOut = module.kind().flipped() ? cols : rows;
        long wantedIn = module.kind().flipped() ? rows : cols;
        boolean sizes = module.out() == wantedOut && module.in() == wantedIn && cols > 0;
        long outputs = module.kind().flipped() ? cols : rows;
        boolean normed = module.magnitude().map(m -> m.info().elements() == outputs).orElse(true);
        if (sizes && normed) {
            return true;
        }
        String got =
                sizes
                        ? "a magnitude of "
                                + module.magnitude().orElseThrow().info().elements()
                                + " numbers"
                        : module.out()
                                + " x "
                                + module.in()
                                + (module.kind().flipped() ? ", transposed" : "");
        causes.add(
                (sizes ? "magnitude" : "size") + " of " + adapter.name(),
                Problem.expected(
                        what,
                        "a change of "
                                + info.shape()
                                + " for tensor '"
                                + tensor
                                + "' of model '"
                                + baseName
                                + "'",
                        got),
                "the adapter was trained for another model");
        return false;
    }

    private boolean arithmetic(TensorInfo tensor, String added) {
        if (!tensor.dtype().arithmetic()) {
            problems.add(
                    Problem.expected(
                                    "tensor '" + tensor.name() + "' of model '" + baseName + "'",
                                    "floating-point numbers to add " + added + " to",
                                    tensor.dtype())
                            .hint("apply the adapter to the unquantised model"));
        }
        return tensor.dtype().arithmetic();
    }

    private Problem unmatched(Adapter adapter, List<String> names) {
        StringBuilder list = new StringBuilder();
        int shown = Math.min(3, names.size());
        for (String name : names.subList(0, shown)) {
            list.append(list.isEmpty() ? "" : ", ").append('\'').append(name).append('\'');
            matcher.nearest(name)
                    .filter(near -> name.equals(names.get(0)))
                    .ifPresent(near -> list.append(" (nearest '").append(near).append("')"));
        }
        if (names.size() > shown) {
            list.append(" and ").append(names.size() - shown).append(" more");
        }
        int all =
                adapter.modules().size()
                        + adapter.whole().size()
                        + adapter.rows().size()
                        + adapter.changes().size();
        return Problem.expected(
                        "adapter '" + adapter.name() + "'",
                        "every module in model '" + baseName + "'",
                        names.size() + " of " + all + " that match nothing: " + list)
                .hint("use the model the adapter was trained for");
    }
}
