package io.amalgam.internal.formats.quantising;

import io.amalgam.tensor.Shape;
import io.amalgam.tensor.TensorInfo;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Experts in one tensor for each matrix, [expert, out, in], as the matrices of linear layers lie.
 * Those the other way round have no form in any type but gpt-oss's own.
 */
final class FusedExperts {
    private static final Pattern NAME =
            Pattern.compile("(.*\\.experts)\\.(gate_up_proj|down_proj)");
    private static final String BIAS = "_bias";

    private FusedExperts() {}

    /** Whether a tensor is experts in one, whichever way they lie. */
    static boolean is(TensorInfo weight) {
        return weight.shape().rank() == 3 && NAME.matcher(weight.name()).matches();
    }

    /**
     * The names of those that a type has a form for: all of a module, as inference engines load
     * quantised experts, or none.
     *
     * @param fits whether it has one for a tensor of such a shape
     */
    static Set<String> of(List<TensorInfo> weights, Predicate<TensorInfo> fits) {
        Map<String, Map<String, TensorInfo>> modules = new HashMap<>();
        Set<String> biased = new HashSet<>();
        for (TensorInfo weight : weights) {
            Matcher name = NAME.matcher(weight.name());
            if (is(weight) && name.matches()) {
                modules.computeIfAbsent(name.group(1), unused -> new HashMap<>())
                        .put(name.group(2), weight);
            } else if (weight.name().endsWith(BIAS)) {
                biased.add(LinearWeights.module(weight.name()));
            }
        }
        Set<String> names = new HashSet<>();
        modules.forEach(
                (module, tensors) -> {
                    TensorInfo gates = tensors.get("gate_up_proj");
                    TensorInfo down = tensors.get("down_proj");
                    if (gates != null
                            && down != null
                            && !biased.contains(module)
                            && areLinear(gates.shape(), down.shape())
                            && fits.test(gates)
                            && fits.test(down)) {
                        names.add(gates.name());
                        names.add(down.name());
                    }
                });
        return names;
    }

    /** The two shapes together tell inputs from outputs. */
    private static boolean areLinear(Shape gates, Shape down) {
        return gates.dim(1) == 2 * down.dim(2) && gates.dim(2) == down.dim(1);
    }
}
