package io.amalgam.internal.compare;

import io.amalgam.internal.layers.LayerName;
import io.amalgam.internal.layers.TensorKind;
import io.amalgam.tensor.TensorInfo;
import java.util.List;
import java.util.Optional;

/**
 * A tensor of the reference and what became of it.
 *
 * @param info as the reference has it
 * @param models as each model has it, in order
 * @param layer it is in; empty outside of layers
 */
public record TensorChange(
        TensorInfo info,
        List<TensorInfo> models,
        TensorKind kind,
        Optional<LayerName> layer,
        Measures measures) {
    public TensorChange {
        models = List.copyOf(models);
    }

    public String name() {
        return info.name();
    }

    /** The layer as tables call it; empty outside of layers. */
    public Optional<String> layerName() {
        return layer.map(l -> l.stack().prefix() + l.index());
    }
}
