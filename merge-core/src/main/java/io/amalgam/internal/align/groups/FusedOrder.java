package io.amalgam.internal.align.groups;

import java.util.Set;

/**
 * How the rows of queries, keys and values lie in one matrix. Shapes do not tell: this is known of
 * names and types.
 */
enum FusedOrder {
    /** All queries, all keys, all values. */
    PARTS,
    /** For each group its queries, its key, its value. */
    HEADS,
    UNKNOWN;

    private static final Set<String> OTHERWISE = Set.of("codegen", "gpt_bigcode", "xlnet");
    private static final Set<String> BY_HEAD = Set.of("gpt_neox", "gpt_neox_japanese", "bloom");

    /**
     * @param equal whether there are as many keys as queries
     */
    static FusedOrder of(String leaf, String type, boolean equal) {
        if (type.isEmpty() || OTHERWISE.contains(type)) {
            return UNKNOWN;
        }
        if (!leaf.equals("query_key_value")) {
            return PARTS;
        }
        if (BY_HEAD.contains(type)) {
            return HEADS;
        }
        return type.equals("falcon") && !equal ? HEADS : UNKNOWN;
    }
}
