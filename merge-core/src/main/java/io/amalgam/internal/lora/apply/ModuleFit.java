package io.amalgam.internal.lora.apply;

import io.amalgam.error.Problem;
import io.amalgam.internal.lora.Adapter;
import io.amalgam.internal.lora.LoraModule;
import io.amalgam.internal.lora.LoraModule.Kind;
import io.amalgam.internal.lora.LoraModule.Start;
import io.amalgam.tensor.Shape;
import io.amalgam.tensor.TensorInfo;
import java.util.List;
import java.util.Objects;

/** The orientation of a module's change in the base's tensor, and whether it fits. */
final class ModuleFit {
    private final LoraDraft draft;
    private final Orientation orientation;

    ModuleFit(LoraDraft draft) {
        this.draft = draft;
        this.orientation = new Orientation(draft.base());
    }

    /** The base decides how a matrix lies; the adapter's word counts where it does not say. */
    LoraModule lying(LoraModule module, String tensor) {
        if (module.kind() == Kind.EMBEDDING) {
            return module;
        }
        if (PipelineNames.isTurned(tensor)) {
            return module.lying(Kind.TRANSPOSED);
        }
        Shape shape = draft.edits().shape(tensor);
        return orientation
                .flipped(tensor, shape, module.in(), module.out())
                .map(flipped -> flipped ? Kind.TRANSPOSED : Kind.LINEAR)
                .map(module::lying)
                .orElse(module);
    }

    /** What is said of modules that lie otherwise than the adapter's settings say. */
    static Problem turned(Adapter adapter, List<String> modules) {
        LoraModule first = Objects.requireNonNull(adapter.modules().get(modules.get(0)));
        boolean flag = first.kind() == Kind.TRANSPOSED;
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

    /** Whether a module's change can be added to a tensor; a problem where it cannot. */
    boolean fits(Adapter adapter, LoraModule module, String tensor) {
        TensorInfo info =
                new TensorInfo(
                        tensor, draft.source(tensor).info().dtype(), draft.edits().shape(tensor));
        String what = "module '" + module.name() + "' of adapter '" + adapter.name() + "'";
        if (!draft.arithmetic(info, what)) {
            return false;
        }
        if (module.start() != Start.NOTHING && !Residual.possible(info.dtype())) {
            draft.problems()
                    .add(
                            Problem.expected(
                                            "tensor '"
                                                    + tensor
                                                    + "' of model '"
                                                    + draft.baseName()
                                                    + "'",
                                            "F32, F16 or BF16, which 'init_lora_weights' of adapter '"
                                                    + adapter.name()
                                                    + "' can decompose",
                                            info.dtype())
                                    .hint("use the model the adapter was trained for"));
            return false;
        }
        boolean flipped = module.kind().flipped();
        long rows = info.shape().rank() == 0 ? 1 : info.shape().dim(0);
        long cols = rows == 0 ? 0 : info.elements() / rows;
        long outputs = flipped ? cols : rows;
        long inputs = flipped ? rows : cols;
        boolean sizes = module.out() == outputs && module.in() == inputs && cols > 0;
        boolean normed = module.magnitude().map(m -> m.info().elements() == outputs).orElse(true);
        if (sizes && normed) {
            return true;
        }
        String got =
                sizes
                        ? "a magnitude of "
                                + module.magnitude().orElseThrow().info().elements()
                                + " numbers"
                        : module.out() + " x " + module.in() + (flipped ? ", transposed" : "");
        draft.causes()
                .add(
                        (sizes ? "magnitude" : "size") + " of " + adapter.name(),
                        Problem.expected(
                                what,
                                "a change of "
                                        + info.shape()
                                        + " for tensor '"
                                        + tensor
                                        + "' of model '"
                                        + draft.baseName()
                                        + "'",
                                got),
                        "the adapter was trained for another model");
        return false;
    }
}
