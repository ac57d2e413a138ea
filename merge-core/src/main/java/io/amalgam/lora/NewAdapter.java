package io.amalgam.lora;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.amalgam.tensor.DType;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * An adapter in memory, to be written: every module has scale 1.
 *
 * @param whole tensors that replace the base's, by the base's names, row-major
 * @param dtype what all tensors are rounded to
 * @param base what the settings name as the base
 * @param template settings that are kept where the new adapter does not decide them
 */
public record NewAdapter(
        List<LowRank> modules,
        Map<String, Whole> whole,
        DType dtype,
        String base,
        Optional<ObjectNode> template) {
    public NewAdapter {
        modules = List.copyOf(modules);
        whole = Map.copyOf(whole);
    }

    /** A tensor with its values. */
    public record Whole(io.amalgam.tensor.Shape shape, float[] values) {}
}
