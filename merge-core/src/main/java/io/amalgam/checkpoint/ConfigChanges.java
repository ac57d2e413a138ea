package io.amalgam.checkpoint;

import io.amalgam.tensor.DType;
import java.util.List;
import java.util.Optional;

/**
 * How a merged model's configuration differs from its donor's.
 *
 * @param dtype the type its weights are written in, where the recipe says one
 * @param layers the new layers, where the recipe restacks them
 * @param tied whether output head and embedding are one tensor, where that changes
 * @param architecture the only name in its list of architectures, where the recipe overrides it
 */
public record ConfigChanges(
        Optional<DType> dtype,
        Optional<LayerChange> layers,
        Optional<Boolean> tied,
        Optional<String> architecture) {

    public static final ConfigChanges NONE =
            new ConfigChanges(
                    Optional.empty(), Optional.empty(), Optional.empty(), Optional.empty());

    /**
     * @param oldCount layers of the donor
     * @param sources for each output layer the donor-side number of the layer it comes from
     */
    public record LayerChange(int oldCount, List<Integer> sources) {
        public LayerChange {
            sources = List.copyOf(sources);
        }
    }
}
