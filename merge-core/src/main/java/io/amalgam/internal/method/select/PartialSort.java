package io.amalgam.internal.method.select;

import java.util.Arrays;

/**
 * Sorts a part of an array in place: afterwards that part holds what it would hold if all were
 * sorted, with nothing larger before it and nothing smaller after it. Much less work than sorting
 * all, by Hoare's quickselect with three-way partitions (values repeat).
 */
public final class PartialSort {
    private static final int FEW = 64;

    private PartialSort() {}

    public static void sort(int[] values, int from, int to) {
        sort(values, values.length, from, to);
    }

    /** As {@link #sort(int[], int, int)}, of an array that ends at {@code end}. */
    public static void sort(int[] values, int end, int from, int to) {
        if (from >= to) {
            return;
        }
        select(values, 0, end, from);
        select(values, from, end, to - 1);
        Arrays.sort(values, from, to);
    }

    /** Puts at {@code rank} what belongs there, among {@code values[begin .. end)}. */
    private static void select(int[] values, int begin, int end, int rank) {
        int low = begin;
        int high = end;
        while (high - low > FEW) {
            int pivot = middle(values[low], values[(low + high) >>> 1], values[high - 1]);
            int less = low;
            int more = high;
            int at = low;
            while (at < more) {
                int value = values[at];
                if (value < pivot) {
                    values[at++] = values[less];
                    values[less++] = value;
                } else if (value > pivot) {
                    values[at] = values[--more];
                    values[more] = value;
                } else {
                    at++;
                }
            }
            if (rank < less) {
                high = less;
            } else if (rank >= more) {
                low = more;
            } else {
                return;
            }
        }
        Arrays.sort(values, low, high);
    }

    private static int middle(int a, int b, int c) {
        return Math.max(Math.min(a, b), Math.min(Math.max(a, b), c));
    }
}
