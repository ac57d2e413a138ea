package io.amalgam.internal.lora.apply;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.amalgam.error.Problem;
import io.amalgam.internal.lora.Adapter;
import io.amalgam.internal.lora.LoraModule;
import io.amalgam.internal.lora.LoraModule.Start;
import io.amalgam.internal.lora.Promises;
import io.amalgam.internal.lora.WeightedAdapter;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** Matches all that an adapter has with the base's tensors. */
final class AdapterMatcher {
    private final LoraDraft draft;
    private final WholeChanges wholes;
    private final PartModules parts;
    private final ModuleFit fit;

    AdapterMatcher(LoraDraft draft) {
        this.draft = draft;
        this.wholes = new WholeChanges(draft);
        this.parts = new PartModules(draft);
        this.fit = new ModuleFit(draft);
    }

    /** What is wrong goes to the draft's problems, what is odd to its warnings. */
    void match(WeightedAdapter weighted) {
        Adapter adapter = weighted.adapter();
        AdapterMatch match = AdapterMatch.of(draft, weighted);
        adapter.whole().forEach((name, value) -> wholes.saved(match, name, value));
        adapter.rows().forEach((name, rows) -> wholes.rows(match, name, rows));
        List<String> turned = modules(match);
        adapter.changes().forEach((name, value) -> wholes.change(match, name, value));
        boolean allFound = match.unmatched().isEmpty();
        adapter.config().ifPresent(settings -> promises(adapter, settings, allFound));
        if (!allFound) {
            draft.problems().add(match.unmatchedNames());
        } else if (!turned.isEmpty() && adapter.config().isPresent()) {
            draft.warnings().add(ModuleFit.turned(adapter, turned));
        }
        draft.warnings().addAll(adapter.warnings());
    }

    /** Returns modules that lie otherwise than the settings say. */
    private List<String> modules(AdapterMatch match) {
        Adapter adapter = match.adapter();
        List<String> turned = new ArrayList<>();
        Set<String> elsewhere = draft.matcher().elsewhere(adapter.modules().keySet());
        if (!elsewhere.isEmpty()) {
            draft.warnings().add(leftOut(adapter, elsewhere));
        }
        boolean both = WholeChanges.ties(adapter) && !tiedStart(adapter);
        for (LoraModule read : adapter.modules().values()) {
            // A base layer in the file is what training went over: nothing is to be taken out.
            boolean begun = adapter.whole().containsKey(read.name() + ".weight");
            LoraModule stored = begun ? read.begun() : read;
            if (elsewhere.contains(stored.name()) || parts.take(match, stored)) {
                continue;
            }
            Optional<String> tensor = draft.weight(stored.name());
            LoraModule module = tensor.map(name -> fit.lying(stored, name)).orElse(stored);
            if (module.kind() != stored.kind()) {
                turned.add(module.name());
            }
            match.add(module.name(), tensor, Optional.of(module));
            if (tensor.isEmpty()) {
                match.unmatched().add(module.name());
            } else if (match.alone(module.name(), tensor.get())
                    && fit.fits(adapter, module, tensor.get())) {
                LoraTensor.Term term =
                        new LoraTensor.Term(module, match.weighted().weight(), adapter.name());
                draft.edits().add(tensor.get(), term, both);
                wholes.bias(match, module, tensor.get());
            }
        }
        return turned;
    }

    /** Such a start gives the head factors of its own, tied or not. */
    private boolean tiedStart(Adapter adapter) {
        return adapter.modules().values().stream()
                .anyMatch(
                        m ->
                                m.start() != Start.NOTHING
                                        && draft.tensor(m.name() + ".weight")
                                                .filter(draft.edits()::isTied)
                                                .isPresent());
    }

    private Problem leftOut(Adapter adapter, Set<String> modules) {
        return Problem.expected(
                        "adapter '" + adapter.name() + "'",
                        "modules of the part of a pipeline that model '"
                                + draft.baseName()
                                + "' is",
                        modules.size()
                                + " of "
                                + adapter.modules().size()
                                + " of other parts, such as '"
                                + modules.iterator().next()
                                + "'")
                .hint("they are left out; merge the adapter into those parts, too");
    }

    /** Settings against what is there; layers only where all names were found. */
    private void promises(Adapter adapter, ObjectNode settings, boolean allFound) {
        Promises promises =
                new Promises(adapter, settings, draft::has, draft::tensor, draft.tied());
        draft.problems().addAll(promises.missing());
        if (!allFound) {
            return;
        }
        Set<String> changed = new HashSet<>();
        for (LoraMatch match : draft.matches()) {
            if (match.adapter().equals(adapter.name())) {
                match.tensor().ifPresent(changed::add);
            }
        }
        promises.incomplete(changed, draft.matcher().modules(draft.base().facts()))
                .ifPresent(draft.warnings()::add);
    }
}
