package io.amalgam.internal.lora.apply;

import io.amalgam.checkpoint.TensorSource;
import io.amalgam.error.Problem;
import io.amalgam.internal.layers.TiedTensors;
import io.amalgam.internal.lora.Adapter;
import io.amalgam.internal.lora.LoraModule;
import io.amalgam.internal.lora.RowValues;
import io.amalgam.tensor.Shape;
import java.util.Optional;

/** The full tensors of an adapter: saved tensors, rows of tokens, heads, biases and changes. */
final class WholeChanges {
    private static final String ANOTHER = "the adapter was trained for another model or vocabulary";

    private final LoraDraft draft;

    WholeChanges(LoraDraft draft) {
        this.draft = draft;
    }

    /** A saved tensor. */
    void saved(AdapterMatch match, String name, TensorSource value) {
        Adapter adapter = match.adapter();
        // What lies under factors belongs to every module that is tied to it.
        String module = name.replaceFirst("\\.weight$", "");
        boolean under = adapter.modules().containsKey(module) || adapter.rows().containsKey(name);
        Optional<String> tensor = draft.tensor(name);
        boolean head = draft.head().brings(name, value, tensor);
        match.add(name, head ? Optional.of(name) : tensor, Optional.empty());
        if (head) {
            head(match, name, value);
        } else if (tensor.isEmpty()) {
            match.unmatched().add(name);
        } else if (under || match.alone(name, tensor.get())) {
            whole(
                    match,
                    value,
                    match.weighted().weight(),
                    tensor.get(),
                    false,
                    ties(adapter) || under);
        }
    }

    /** Whether the adapter's changes of one end of tied tensors are those of all. */
    static boolean ties(Adapter adapter) {
        return adapter.config()
                .map(c -> c.path("ensure_weight_tying").asBoolean(false))
                .orElse(false);
    }

    private void head(AdapterMatch match, String name, TensorSource value) {
        BlendedTensor.Part part =
                new BlendedTensor.Part(value, match.weighted().weight(), false, match.name());
        draft.head().add(name, part, match.adapter()).ifPresent(draft.problems()::add);
    }

    /** Rows of tokens. */
    void rows(AdapterMatch match, String name, RowValues rows) {
        Optional<String> tensor = draft.tensor(name);
        match.add(name, tensor, Optional.empty());
        if (tensor.isEmpty()) {
            match.unmatched().add(name);
        } else if (match.alone(name, tensor.get())) {
            rows(match, rows, tensor.get());
        }
    }

    private void rows(AdapterMatch match, RowValues rows, String tensor) {
        Adapter adapter = match.adapter();
        Shape shape = draft.edits().shape(tensor);
        int largest = rows.indices().stream().mapToInt(i -> i).max().orElse(-1);
        boolean fits = shape.rank() == 2 && shape.dim(1) == rows.width() && largest < shape.dim(0);
        if (!fits) {
            String got = rows.values().info().shape() + " for rows up to " + largest;
            draft.problems().add(misfit(match, rows.values(), "rows of " + shape, got));
            return;
        }
        boolean otherEnd =
                draft.tied().isPresent()
                        && adapter.rows().entrySet().stream()
                                .anyMatch(
                                        e ->
                                                !draft.tensor(e.getKey())
                                                                .equals(Optional.of(tensor))
                                                        && !e.getValue()
                                                                .indices()
                                                                .equals(rows.indices()));
        draft.edits()
                .add(
                        tensor,
                        new RowsTensor.Part(rows, match.weighted().weight(), match.name()),
                        !otherEnd && draft.tied().filter(t -> hasRows(adapter, t)).isPresent());
    }

    /**
     * Rows of an embedding are PEFT's of what is tied to it, too; those of a head alone are not.
     */
    private boolean hasRows(Adapter adapter, TiedTensors ends) {
        return adapter.rows().keySet().stream()
                .anyMatch(name -> draft.tensor(name).equals(Optional.of(ends.embedding())));
    }

    /** What a task vector adds to a tensor. */
    void change(AdapterMatch match, String name, TensorSource value) {
        Optional<String> tensor = draft.matcher().tensor(name);
        match.add(name, tensor, Optional.empty());
        if (tensor.isEmpty()) {
            match.unmatched().add(name);
        } else if (match.alone(name, tensor.get())
                && draft.arithmetic(
                        draft.source(tensor.get()).info(),
                        "tensor '" + name + "' of '" + match.name() + "'")) {
            // A task vector speaks of tensors in files.
            double weight = match.weighted().weight();
            whole(match, value, weight, tensor.get(), true, !draft.headStored());
        }
    }

    /** What a module adds to the bias beside its weight. */
    void bias(AdapterMatch match, LoraModule module, String weight) {
        if (module.bias().isEmpty()) {
            return;
        }
        String name = weight.replaceFirst("\\.weight$", ".bias");
        if (!draft.base().tensors().containsKey(name)) {
            draft.causes()
                    .add(
                            "bias of " + match.name(),
                            Problem.expected(
                                    "'lora_bias' of adapter '" + match.name() + "'",
                                    "a bias in model '" + draft.baseName() + "' to add to",
                                    "none for module '" + module.name() + "'"),
                            "no weights without biases can hold it: serve it as an adapter");
            return;
        }
        double factor = match.weighted().weight() * module.scale();
        whole(match, module.bias().get(), factor, name, true, false);
    }

    private void whole(
            AdapterMatch match,
            TensorSource value,
            double weight,
            String tensor,
            boolean added,
            boolean both) {
        Shape shape = draft.source(tensor).info().shape();
        if (!value.info().shape().equals(shape)
                && (added || !draft.resizing().accepts(tensor, value, match.adapter()))) {
            draft.problems().add(misfit(match, value, shape.toString(), value.info().shape()));
            return;
        }
        draft.edits().add(tensor, new BlendedTensor.Part(value, weight, added, match.name()), both);
    }

    private Problem misfit(AdapterMatch match, TensorSource value, String wanted, Object got) {
        return Problem.expected(
                        "tensor '" + value.info().name() + "' of adapter '" + match.name() + "'",
                        wanted + " as in model '" + draft.baseName() + "'",
                        got)
                .hint(ANOTHER);
    }
}
