package io.amalgam.internal.lora.apply;

import io.amalgam.checkpoint.TensorSource;
import io.amalgam.error.Problem;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Puts the head of a task in the place of that for tokens. */
final class HeadPlacement {
    private final LoraDraft draft;

    HeadPlacement(LoraDraft draft) {
        this.draft = draft;
    }

    /** Does nothing where the adapters bring no head. */
    void build(Map<String, TensorSource> tensors) {
        TaskHead head = draft.head();
        if (head.isEmpty()) {
            return;
        }
        List<String> left = head.build(tensors, prefix());
        if (!left.isEmpty()) {
            draft.warnings().add(leftOut(left));
        }
        head.missing(tensors.keySet()).map(this::lacks).ifPresent(draft.warnings()::add);
        if (!draft.base().config().map(head::isNamed).orElse(true)) {
            draft.warnings()
                    .add(
                            Problem.expected(
                                            "settings of an adapter with a head of its own",
                                            "'task_type' or 'auto_mapping'",
                                            "neither")
                                    .hint(
                                            "'architectures' in config.json is still the base's: correct it"));
        }
    }

    private Problem leftOut(List<String> tensors) {
        return Problem.of(
                        "model '"
                                + draft.baseName()
                                + "' gets the adapter's head, and its own for tokens is left out: '"
                                + String.join("', '", tensors)
                                + "'")
                .hint("models of this task have no other head");
    }

    private Problem lacks(String module) {
        return Problem.expected(
                        "model '" + draft.baseName() + "' with the adapter's head",
                        "'" + module + ".weight' and '" + module + ".bias', which the head reads",
                        "neither in the base nor in the adapter")
                .hint("readers draw them at random: apply the adapter to a base that has them");
    }

    /** What all adapters call the model that the base is, where the base calls it otherwise. */
    private String prefix() {
        Set<String> prefixes = new LinkedHashSet<>();
        for (LoraMatch match : draft.matches()) {
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
}
