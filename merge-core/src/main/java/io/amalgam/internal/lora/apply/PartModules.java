package io.amalgam.internal.lora.apply;

import io.amalgam.error.Problem;
import io.amalgam.internal.lora.LoraModule;
import io.amalgam.internal.lora.LoraModule.Start;
import io.amalgam.tensor.Shape;
import java.util.Locale;
import java.util.Optional;

/** Modules that change a part of the base's tensor: a third of one, or some of many experts. */
final class PartModules {
    private final LoraDraft draft;
    private final ExpertChanges experts;

    PartModules(LoraDraft draft) {
        this.draft = draft;
        this.experts = new ExpertChanges(draft.base().tensors(), draft.matcher());
    }

    /** Whether a module is of this kind, and has been dealt with. */
    boolean take(AdapterMatch match, LoraModule module) {
        return third(match, module) || experts(match, module);
    }

    /** A third of a matrix of query, key and value. */
    private boolean third(AdapterMatch match, LoraModule module) {
        Optional<PipelineNames.Target> found =
                draft.matcher().part(module.name()).filter(t -> t.third().isPresent());
        if (found.isEmpty()) {
            return false;
        }
        String tensor = found.get().tensor();
        int third = found.get().third().orElseThrow();
        match.add(module.name(), Optional.of(tensor), Optional.of(module));
        Shape shape = draft.source(tensor).info().shape();
        boolean fits =
                shape.rank() == 2
                        && shape.dim(0) == 3 * module.out()
                        && shape.dim(1) == module.in()
                        && module.magnitude()
                                .map(m -> m.info().elements() == module.out())
                                .orElse(true);
        if (!fits) {
            draft.problems().add(misfit(match, module, tensor, shape));
        } else if (module.start() != Start.NOTHING) {
            started(match, module, tensor);
        } else if (module.bias().isPresent()) {
            match.unmatched().add(module.name() + ".bias");
        } else if (match.alone(module.name(), tensor + " (part " + third + ")")
                && draft.arithmetic(
                        draft.source(tensor).info(), "module '" + module.name() + "'")) {
            draft.expertTerms().add(tensor, third, term(match, module));
        }
        return true;
    }

    private Problem misfit(AdapterMatch match, LoraModule module, String tensor, Shape shape) {
        return Problem.expected(
                        "module '" + module.name() + "' of adapter '" + match.name() + "'",
                        "a change of a third of "
                                + shape
                                + " for tensor '"
                                + tensor
                                + "' of model '"
                                + draft.baseName()
                                + "'",
                        module.out() + " x " + module.in())
                .hint("the adapter was trained for another model");
    }

    private static LoraTensor.Term term(AdapterMatch match, LoraModule module) {
        return new LoraTensor.Term(module, match.weighted().weight(), match.name());
    }

    private boolean experts(AdapterMatch match, LoraModule module) {
        boolean parameter = module.experts().isPresent();
        if (!parameter && draft.matcher().weight(module.name()).isPresent()) {
            return false;
        }
        if (module.start() != Start.NOTHING && parameter) {
            startedParameter(match, module);
            return true;
        }
        ExpertChanges.Found found =
                parameter ? experts.ofParameter(module, match.adapter()) : experts.ofOne(module);
        if (!parameter && found.tensors().isEmpty()) {
            return false;
        }
        match.add(module.name(), found.tensors(), Optional.of(module));
        if (found.tensors().isEmpty()) {
            match.unmatched().add(module.name());
        } else if (found.changes().isEmpty()) {
            draft.problems()
                    .add(ExpertChanges.misfit(module, match.adapter(), found, draft.baseName()));
        } else if (module.start() != Start.NOTHING) {
            started(match, module, found.tensors().orElseThrow());
        } else {
            change(match, module, found);
        }
        return true;
    }

    private void change(AdapterMatch match, LoraModule module, ExpertChanges.Found found) {
        for (ExpertChanges.Change change : found.changes()) {
            String tensor = change.tensor();
            String place =
                    tensor
                            + change.expert()
                                    .map(e -> " of expert " + e + "." + change.part())
                                    .orElse("");
            if (!match.alone(module.name(), place)
                    || !draft.arithmetic(
                            draft.source(tensor).info(), "module '" + module.name() + "'")) {
                break;
            }
            LoraTensor.Term term = term(match, change.module());
            if (change.expert().isPresent()) {
                draft.expertTerms().add(tensor, change.expert().get(), term);
            } else {
                draft.edits().add(tensor, term, false);
            }
        }
    }

    /** What a start took out of a matrix cannot be told from a part of a tensor. */
    private void started(AdapterMatch match, LoraModule module, String tensor) {
        draft.causes()
                .add(
                        "start of " + match.name(),
                        Problem.expected(
                                "module '"
                                        + module.name()
                                        + "' of adapter '"
                                        + match.name()
                                        + "', which began with '"
                                        + start(module)
                                        + "'",
                                "a tensor of its own in model '" + draft.baseName() + "'",
                                "a part of tensor '" + tensor + "'"),
                        "use the base in the form that the adapter was trained for");
    }

    /** PEFT has no such start: it looks for a module's weight. */
    private void startedParameter(AdapterMatch match, LoraModule module) {
        draft.causes()
                .add(
                        "start of " + match.name(),
                        Problem.expected(
                                "'init_lora_weights' of adapter '" + match.name() + "'",
                                "true or false beside factors of a parameter, such as '"
                                        + module.name()
                                        + "'",
                                "'" + start(module) + "', which PEFT has for modules alone"),
                        "correct the setting, or merge it with the library it was trained with");
    }

    private static String start(LoraModule module) {
        return module.start().name().toLowerCase(Locale.ROOT);
    }
}
