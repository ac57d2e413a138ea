package io.amalgam.internal.align;

import io.amalgam.internal.align.groups.Group;
import io.amalgam.internal.align.groups.Group.Heads;
import io.amalgam.internal.align.groups.Group.Units;
import java.util.Arrays;
import java.util.List;

/** Where the units of a group come from. */
sealed interface Moves {
    /** Units that stay where they are. */
    static Moves none(Group group) {
        if (group instanceof Units units) {
            return new OfUnits(AxisMap.identity(units.size()));
        }
        Heads heads = (Heads) group;
        int[][] queries = new int[heads.groups()][];
        int[][] units = new int[heads.groups()][];
        for (int g = 0; g < queries.length; g++) {
            queries[g] = AxisMap.identity(heads.queries()).sources();
            units[g] = AxisMap.identity(heads.size()).sources();
        }
        return new OfHeads(
                AxisMap.identity(heads.groups()).sources(), queries, units, units.clone());
    }

    /** How many units and heads get another place, and of how many. */
    static long[] moved(Moves moves) {
        long[] counts = new long[2];
        if (moves instanceof OfHeads heads) {
            count(heads.group, counts);
            for (int[][] inside : List.of(heads.query, heads.value, heads.key)) {
                for (int[] places : inside) {
                    count(places, counts);
                }
            }
        } else {
            count(((OfUnits) moves).map.sources(), counts);
        }
        return counts;
    }

    private static void count(int[] sources, long[] counts) {
        for (int i = 0; i < sources.length; i++) {
            counts[0] += sources[i] == i ? 0 : 1;
        }
        counts[1] += sources.length;
    }

    /**
     * @param map as what reads a tensor's axis sees it for those that write units
     * @param reading the same for those that read units: it differs where units are shared out
     */
    record OfUnits(AxisMap map, AxisMap reading) implements Moves {
        OfUnits(AxisMap map) {
            this(map, map);
        }
    }

    /**
     * @param group new group {@code g} is old group {@code group[g]}
     * @param query by new group: its new query head {@code a} is old {@code query[g][a]}
     * @param value by new group, of its value units
     * @param key by new group, of its query and key units
     */
    record OfHeads(int[] group, int[][] query, int[][] value, int[][] key) implements Moves {
        @Override
        public boolean equals(Object other) {
            return other instanceof OfHeads heads
                    && Arrays.equals(group, heads.group)
                    && Arrays.deepEquals(query, heads.query)
                    && Arrays.deepEquals(value, heads.value)
                    && Arrays.deepEquals(key, heads.key);
        }

        @Override
        public int hashCode() {
            return Arrays.hashCode(group);
        }
    }
}
