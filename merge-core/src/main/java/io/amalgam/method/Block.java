package io.amalgam.method;

import io.amalgam.kernel.Kernels;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;

/**
 * The same range of elements of every input tensor, as float32: the input of a step. A worker
 * reuses its block; steps must not keep it or its arrays. Not thread-safe.
 */
public final class Block {
    private final Kernels kernels;
    private final float[][] inputs;
    private final int capacity;
    private final List<float[]> scratch = new ArrayList<>();
    private final List<double[]> doubles = new ArrayList<>();
    private final List<float[][]> groups = new ArrayList<>();
    private final List<float[][]> selections = new ArrayList<>();
    private final Map<Class<?>, Object> tools = new HashMap<>();
    private int[] ints = {};
    private long offset;
    private int length;

    /**
     * @param inputs number of tensors read together
     * @param capacity maximum number of elements of each
     */
    public Block(Kernels kernels, int inputs, int capacity) {
        this.kernels = kernels;
        this.capacity = capacity;
        this.inputs = new float[inputs][capacity];
    }

    /** The operations on blocks to use. */
    public Kernels kernels() {
        return kernels;
    }

    /**
     * Index of the first element within the tensor; a multiple of {@link Kernels#LANES}, and of the
     * row length in row-wise steps.
     */
    public long offset() {
        return offset;
    }

    /** Number of elements; the arrays may be longer. */
    public int length() {
        return length;
    }

    /** Elements of the largest block of this run. */
    public int capacity() {
        return capacity;
    }

    /** Values of one input, numbered as in the call. Read-only for steps. */
    public float[] input(int index) {
        return inputs[index];
    }

    /**
     * Takes an input's values from an array of somebody else, who has read them for several blocks.
     *
     * @param values of at least {@link #capacity()} elements
     */
    public void share(int index, float[] values) {
        inputs[index] = values;
    }

    /** Values of all inputs, in the order of the call. Read-only for steps. */
    public float[][] inputs() {
        return inputs;
    }

    /**
     * Values of some inputs, in the given order; the outer array is reused, its elements are those
     * of {@link #input(int)}.
     */
    public float[][] inputs(List<Integer> indices) {
        while (selections.size() <= indices.size()) {
            selections.add(new float[selections.size()][]);
        }
        float[][] selection = selections.get(indices.size());
        for (int i = 0; i < selection.length; i++) {
            selection[i] = inputs[indices.get(i)];
        }
        return selection;
    }

    /** A reusable array of at least {@code count} ints. */
    public int[] ints(int count) {
        if (ints.length < count) {
            ints = new int[count];
        }
        return ints;
    }

    /** A reusable array of {@link #capacity()} elements, contents arbitrary. */
    public float[] scratch(int index) {
        while (scratch.size() <= index) {
            scratch.add(new float[capacity]);
        }
        return scratch.get(index);
    }

    /** As {@link #scratch}, in float64. */
    public double[] doubles(int index) {
        while (doubles.size() <= index) {
            doubles.add(new double[capacity]);
        }
        return doubles.get(index);
    }

    /** {@code count} reusable arrays, distinct from those of {@link #scratch(int)}. */
    public float[][] scratchGroup(int count) {
        for (float[][] group : groups) {
            if (group.length == count) {
                return group;
            }
        }
        float[][] group = new float[count][capacity];
        groups.add(group);
        return group;
    }

    /** An object of a class for steps that need their own arrays; created once per block. */
    public <T> T tool(Class<T> type, Supplier<T> maker) {
        return type.cast(tools.computeIfAbsent(type, t -> maker.get()));
    }

    /** Moves the block; the caller then fills {@link #input(int)}. */
    public void moveTo(long newOffset, int newLength) {
        offset = newOffset;
        length = newLength;
    }
}
