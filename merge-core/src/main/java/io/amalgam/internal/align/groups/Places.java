package io.amalgam.internal.align.groups;

/**
 * The elements of a tensor's axis that belong to units: unit {@code i} of head {@code a} in group
 * {@code g} has {@code block} of them, from {@code base + g byGroup + a byHead + i byUnit} on.
 */
public record Places(
        String tensor, int axis, int base, int byGroup, int byHead, int byUnit, int block) {
    /** One element for each unit, from the first of the axis. */
    public static Places whole(String tensor, int axis) {
        return units(tensor, axis, 0, 1);
    }

    /** A run of elements for each unit. */
    public static Places units(String tensor, int axis, int base, int block) {
        return new Places(tensor, axis, base, 0, 0, block, block);
    }

    /** The first element of a unit without heads. */
    public int at(int unit) {
        return base + unit * byUnit;
    }

    /** The first element of a unit in a head. */
    public int at(int group, int head, int unit) {
        return base + group * byGroup + head * byHead + unit * byUnit;
    }
}
