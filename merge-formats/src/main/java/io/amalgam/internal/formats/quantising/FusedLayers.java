package io.amalgam.internal.formats.quantising;

import java.util.List;

/**
 * Matrices that inference engines put together to one: they have one scale for the tensor, or they
 * would be scaled with each other's.
 */
final class FusedLayers {
    private static final List<String> ATTENTION = List.of("q_proj", "k_proj", "v_proj");
    private static final List<String> GATED = List.of("gate_proj", "up_proj");
    private static final List<String> MIXTRAL = List.of("w1", "w3");

    private FusedLayers() {}

    /** A name for all that are put together with a matrix: its own where it is alone. */
    static String of(String weight) {
        for (List<String> fused : List.of(ATTENTION, GATED, MIXTRAL)) {
            for (String part : fused) {
                String end = "." + part + ".weight";
                if (weight.endsWith(end)) {
                    return weight.substring(0, weight.length() - end.length())
                            + "."
                            + String.join("+", fused);
                }
            }
        }
        return weight;
    }
}
