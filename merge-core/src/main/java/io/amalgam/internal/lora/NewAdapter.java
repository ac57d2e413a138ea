package io.amalgam.internal.lora;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.amalgam.tensor.DType;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/**
 * An adapter in memory, to be written: every module has scale 1.
 *
 * @param parameters changes of parameters that PEFT is told of by name, those of one module in the
 *     order in which it has them
 * @param whole tensors that replace the base's, by the base's names, row-major
 * @param saved modules of which all tensors are among those, so that loaders put them in place as
 *     modules; the others' tensors go into the base's own
 * @param dtype what all tensors are rounded to
 * @param base what the settings name as the base
 * @param template settings that are kept where the new adapter does not decide them
 */
public record NewAdapter(
        List<LowRankDelta> modules,
        List<ParameterFactors> parameters,
        Map<String, Whole> whole,
        Set<String> saved,
        DType dtype,
        String base,
        Optional<ObjectNode> template) {
    public NewAdapter {
        modules = List.copyOf(modules);
        parameters = List.copyOf(parameters);
        whole = Map.copyOf(whole);
        saved = Set.copyOf(saved);
    }

    /** An adapter whose whole tensors are all of modules that are saved. */
    public NewAdapter(
            List<LowRankDelta> modules,
            Map<String, Whole> whole,
            DType dtype,
            String base,
            Optional<ObjectNode> template) {
        this(modules, List.of(), whole, owners(whole), dtype, base, template);
    }

    private static Set<String> owners(Map<String, Whole> whole) {
        Set<String> owners = new TreeSet<>();
        whole.keySet().forEach(name -> owners.add(ModuleTree.module(name)));
        return owners;
    }

    /** A tensor with its values. */
    public record Whole(io.amalgam.tensor.Shape shape, float[] values) {}
}
