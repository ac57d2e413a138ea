package io.amalgam.internal.lora.apply;

import io.amalgam.checkpoint.Checkpoint;
import io.amalgam.checkpoint.TensorSource;
import io.amalgam.error.Problem;
import io.amalgam.internal.layers.NonLayerTensors;
import io.amalgam.internal.layers.TiedTensors;
import io.amalgam.internal.lora.ModuleNames;
import io.amalgam.tensor.TensorInfo;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * A base, and what becomes of its tensors while adapters are matched with it, one after the other.
 *
 * @param baseName what the user calls the base
 * @param tied tensors of the base that are one
 * @param expertTerms changes of parts of tensors
 * @param matches what every module changes
 * @param warnings what settings say that is not understood, or not so
 * @param causes problems that many modules have
 */
record LoraDraft(
        Checkpoint base,
        String baseName,
        ModuleMatcher matcher,
        Optional<TiedTensors> tied,
        TensorEdits edits,
        Resizing resizing,
        TaskHead head,
        ExpertTerms expertTerms,
        List<LoraMatch> matches,
        List<Problem> problems,
        List<Problem> warnings,
        Causes causes) {

    static LoraDraft of(Checkpoint base, String baseName) {
        Optional<TiedTensors> said =
                TiedTensors.of(base.tensors(), tensor -> tensor.info().shape(), base.facts());
        Optional<TiedTensors> tied = said.or(() -> headAlone(base));
        return new LoraDraft(
                base,
                baseName,
                new ModuleMatcher(base.tensors().keySet(), new ModuleNames(base.config())),
                tied,
                new TensorEdits(base.tensors(), tied, said.isPresent()),
                new Resizing(base.tensors(), tied, baseName),
                new TaskHead(base),
                new ExpertTerms(),
                new ArrayList<>(),
                new ArrayList<>(),
                new ArrayList<>(),
                new Causes());
    }

    /** A head that only an adapter speaks of, of a base whose settings are not there. */
    private static Optional<TiedTensors> headAlone(Checkpoint base) {
        Set<String> names = base.tensors().keySet();
        return names.stream().anyMatch(NonLayerTensors::isHead)
                ? Optional.empty()
                : TiedTensors.embedding(names)
                        .map(e -> new TiedTensors(e, Optional.of("lm_head.weight"), List.of()));
    }

    /** The base's name of a tensor. */
    Optional<String> tensor(String name) {
        return matcher.tensor(name).or(() -> tied.flatMap(t -> t.find(name)));
    }

    /** The base's name of a module's weight. */
    Optional<String> weight(String module) {
        return matcher.weight(module).or(() -> tied.flatMap(t -> t.find(module + ".weight")));
    }

    /** Whether the base has a module, by the end or a part of its name. */
    boolean has(String module) {
        return tensor(module + ".weight").isPresent()
                || base.tensors().keySet().stream()
                        .anyMatch(name -> ("." + name).contains("." + module + "."));
    }

    boolean headStored() {
        return tied.flatMap(TiedTensors::head).filter(base.tensors()::containsKey).isPresent();
    }

    TensorSource source(String name) {
        return edits.source(name).orElseThrow();
    }

    /** Whether something can be added to a tensor; a problem where it cannot. */
    boolean arithmetic(TensorInfo tensor, String added) {
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
}
