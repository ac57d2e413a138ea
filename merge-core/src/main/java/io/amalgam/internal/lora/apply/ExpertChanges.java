package io.amalgam.internal.lora.apply;

import io.amalgam.checkpoint.TensorSource;
import io.amalgam.error.Problem;
import io.amalgam.internal.checkpoint.SliceTensor;
import io.amalgam.internal.layers.ExpertNames;
import io.amalgam.internal.lora.Adapter;
import io.amalgam.internal.lora.LoraModule;
import io.amalgam.internal.lora.LoraModule.Experts;
import io.amalgam.internal.lora.LoraModule.Kind;
import io.amalgam.tensor.Shape;
import io.amalgam.tensor.TensorInfo;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;

/**
 * Changes of experts as changes of what a base stores: a matrix of all experts, or one of each.
 * PEFT's {@code target_parameters} change the former, older adapters the latter, and bases have
 * either.
 */
final class ExpertChanges {
    private final Map<String, ? extends TensorSource> base;
    private final ModuleMatcher matcher;
    private final DecodedTensors decoded = new DecodedTensors();

    ExpertChanges(Map<String, ? extends TensorSource> base, ModuleMatcher matcher) {
        this.base = base;
        this.matcher = matcher;
    }

    /**
     * The change of one matrix.
     *
     * @param tensor of the base
     * @param expert the slice of the tensor, where it has all experts
     * @param part which rows of it; what a module may change once
     * @param module the change, of a module that is no parameter of experts
     */
    record Change(String tensor, Optional<Integer> expert, int part, LoraModule module) {}

    /**
     * What a module changes.
     *
     * @param tensors what is changed, for messages; empty where the base has nothing of the kind
     * @param changes empty where it does not fit
     * @param wanted what would fit, for messages
     */
    record Found(Optional<String> tensors, List<Change> changes, String wanted) {
        static final Found NOTHING = new Found(Optional.empty(), List.of(), "");
    }

    /** Of a module that changes a parameter. */
    Found ofParameter(LoraModule module, Adapter adapter) {
        Experts experts = module.experts().orElseThrow();
        Optional<String> fused = matcher.tensor(module.name());
        if (fused.isPresent()) {
            return ofFused(module, experts, fused.get(), adapter);
        }
        for (List<String> way : ExpertNames.single(experts.parameter())) {
            if (single(experts, 0, way.get(0)).isPresent()) {
                return ofSingles(module, experts, way);
            }
        }
        return Found.NOTHING;
    }

    private Found ofFused(LoraModule module, Experts experts, String tensor, Adapter adapter) {
        Shape shape = tensor(tensor).info().shape();
        if (experts.count() == 1 && shape.rank() == 2) {
            Change only = new Change(tensor, Optional.empty(), 0, plain(module));
            boolean right = module.out() == shape.dim(0) && module.in() == shape.dim(1);
            return new Found(
                    Optional.of(tensor), right ? List.of(only) : List.of(), shape.toString());
        }
        List<Change> changes = new ArrayList<>();
        if (shape.rank() == 3 && shape.dim(0) == experts.count()) {
            kind(module, shape, experts, adapter)
                    .ifPresent(
                            kind -> {
                                for (int e = 0; e < experts.count(); e++) {
                                    changes.add(
                                            new Change(
                                                    tensor,
                                                    Optional.of(e),
                                                    0,
                                                    expert(module, e, kind, 0, module.out())));
                                }
                            });
        }
        return new Found(Optional.of(tensor), changes, shape.toString());
    }

    /**
     * How the base has an expert's matrix. A square one lies as the others of its module do, which
     * have other shapes.
     */
    private Optional<Kind> kind(LoraModule module, Shape shape, Experts experts, Adapter adapter) {
        boolean linear = module.out() == shape.dim(1) && module.in() == shape.dim(2);
        boolean transposed = module.out() == shape.dim(2) && module.in() == shape.dim(1);
        if (linear != transposed) {
            return Optional.of(linear ? Kind.LINEAR : Kind.TRANSPOSED);
        }
        if (!linear) {
            return Optional.empty();
        }
        for (LoraModule other : adapter.modules().values()) {
            boolean beside =
                    other.in() != other.out()
                            && other.experts()
                                    .filter(e -> e.module().equals(experts.module()))
                                    .isPresent();
            Optional<Shape> its =
                    beside
                            ? matcher.tensor(other.name())
                                    .map(name -> tensor(name).info().shape())
                                    .filter(s -> s.rank() == 3)
                            : Optional.empty();
            if (its.isPresent()) {
                return kind(other, its.get(), experts, adapter);
            }
        }
        // Only models that keep biases beside their experts tell PEFT that they lie transposed.
        if (matcher.tensor(experts.module() + "." + experts.parameter() + "_bias").isPresent()) {
            return Optional.of(Kind.TRANSPOSED);
        }
        return sibling(experts)
                .filter(gates -> gates.dim(1) == 2 * shape.dim(2) && gates.dim(2) == shape.dim(1))
                .map(gates -> Kind.LINEAR);
    }

    private Optional<Shape> sibling(Experts experts) {
        return matcher.tensor(experts.module() + ".gate_up_proj")
                .map(name -> tensor(name).info().shape())
                .filter(shape -> shape.rank() == 3);
    }

    private Found ofSingles(LoraModule module, Experts experts, List<String> way) {
        int count = 0;
        while (single(experts, count, way.get(0)).isPresent()) {
            count++;
        }
        List<Change> changes = new ArrayList<>();
        boolean fits = count == experts.count();
        long rows = 0;
        for (int e = 0; fits && e < count; e++) {
            long row = 0;
            for (String matrix : way) {
                Optional<String> name = single(experts, e, matrix);
                Optional<Shape> shape = name.map(n -> tensor(n).info().shape());
                // Beside biases a gate's rows may alternate with those of what it gates.
                boolean plain =
                        shape.filter(s -> s.rank() == 2 && s.dim(1) == module.in()).isPresent()
                                && (way.size() == 1 || !hasBias(name.orElseThrow()));
                fits &= plain && row + shape.orElseThrow().dim(0) <= module.out();
                if (fits) {
                    long own = shape.orElseThrow().dim(0);
                    LoraModule part = expert(module, e, Kind.LINEAR, row, own);
                    changes.add(new Change(name.orElseThrow(), Optional.empty(), 0, part));
                    row += own;
                }
            }
            rows = row;
            fits &= row == module.out();
        }
        String first = single(experts, 0, way.get(0)).orElseThrow();
        Shape shape = tensor(first).info().shape();
        String wanted = count + " experts of " + way.size() + " times " + shape;
        String all = first.replaceFirst("\\.0\\.([^.]+)\\.weight$", ".*.$1.weight");
        return new Found(Optional.of(all), fits && rows > 0 ? changes : List.of(), wanted);
    }

    private boolean hasBias(String weight) {
        return base.containsKey(weight.replaceFirst("\\.weight$", ".bias"));
    }

    private Optional<String> single(Experts experts, int expert, String matrix) {
        return matcher.exact(experts.module() + "." + expert + "." + matrix + ".weight");
    }

    /** Of a module of one expert, where the base has all experts in one tensor. */
    Found ofOne(LoraModule module) {
        Optional<ExpertNames.Single> single = ExpertNames.Single.of(module.name());
        if (single.isEmpty() || module.magnitude().isPresent() || module.bias().isPresent()) {
            return Found.NOTHING;
        }
        for (ExpertNames.Place place : single.get().places()) {
            Optional<String> tensor = matcher.exact(place.tensor());
            if (tensor.isPresent() && tensor(tensor.get()).info().shape().rank() == 3) {
                return inFused(module, single.get(), place, tensor.get());
            }
        }
        return Found.NOTHING;
    }

    private Found inFused(
            LoraModule module, ExpertNames.Single single, ExpertNames.Place place, String tensor) {
        Shape shape = tensor(tensor).info().shape();
        long out = module.out() * place.of();
        boolean linear = out == shape.dim(1) && module.in() == shape.dim(2);
        boolean transposed = out == shape.dim(2) && module.in() == shape.dim(1);
        boolean alternating = place.of() > 1 && base.containsKey(tensor + "_bias");
        if (linear == transposed || alternating || single.expert() >= shape.dim(0)) {
            return new Found(Optional.of(tensor), List.of(), shape.toString());
        }
        LoraModule inside =
                new LoraModule(
                        module.name(),
                        linear ? Kind.LINEAR : Kind.TRANSPOSED,
                        module.a(),
                        place.of() == 1
                                ? module.b()
                                : new PaddedRows(module.b(), module.out() * place.index(), out),
                        module.scale(),
                        Optional.empty(),
                        Optional.empty());
        Change change = new Change(tensor, Optional.of(single.expert()), place.index(), inside);
        return new Found(Optional.of(tensor), List.of(change), shape.toString());
    }

    private static LoraModule plain(LoraModule module) {
        return new LoraModule(
                module.name(),
                Kind.LINEAR,
                module.a(),
                module.b(),
                module.scale(),
                Optional.empty(),
                Optional.empty());
    }

    /** Some rows of one expert's change. */
    private LoraModule expert(LoraModule module, int expert, Kind kind, long firstRow, long rows) {
        int count = module.experts().orElseThrow().count();
        TensorInfo all = module.a().info();
        long rank = module.rank();
        long in = module.in();
        TensorInfo own = new TensorInfo(all.name(), all.dtype(), Shape.of(rank, in));
        return new LoraModule(
                module.name(),
                kind,
                new SliceTensor(module.a(), own, expert * rank * in),
                new ExpertFactor(module.b(), decoded, count, expert, firstRow, rows),
                module.scale(),
                Optional.empty(),
                Optional.empty());
    }

    /** What is held of a module's B, besides each expert's factors. */
    static long bytesHeld(LoraModule module) {
        return module.experts().isEmpty()
                ? 0
                : DecodedTensors.HELD * module.b().info().elements() * Float.BYTES;
    }

    private TensorSource tensor(String name) {
        return Objects.requireNonNull(base.get(name));
    }

    /** That a change does not fit. */
    static Problem misfit(LoraModule module, Adapter adapter, Found found, String baseName) {
        int count = module.experts().map(Experts::count).orElse(1);
        return Problem.expected(
                        "module '" + module.name() + "' of adapter '" + adapter.name() + "'",
                        "a change of "
                                + found.wanted()
                                + " for tensor '"
                                + found.tensors().orElseThrow()
                                + "' of model '"
                                + baseName
                                + "'",
                        (count == 1 ? "" : count + " experts of ")
                                + module.out()
                                + " x "
                                + module.in())
                .hint("the adapter was trained for another model");
    }
}
