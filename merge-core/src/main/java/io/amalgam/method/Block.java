package io.amalgam.method;

import io.amalgam.kernel.Kernels;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;

/**
 * The same run of elements of every input tensor, decoded to float32: what a stage works on. One
 * worker fills and reuses one block; stages must not keep it or its arrays.
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
     * @param inputs how many tensors are read together
     * @param capacity the most elements of each
     */
    public Block(Kernels kernels, int inputs, int capacity) {
        this.kernels = kernels;
        this.capacity = capacity;
        this.inputs = new float[inputs][capacity];
    }

    public Kernels kernels() {
        return kernels;
    }

    /**
     * Index of the first element within the tensor; a multiple of {@link Kernels#LANES}, and of the
     * row length in row-wise stages.
     */
    public long offset() {
        return offset;
    }

    /** Elements present: the arrays may be longer. */
    public int length() {
        return length;
    }

    public int capacity() {
        return capacity;
    }

    /** Values of one input, in the order of the call's inputs. Stages do not write to it. */
    public float[] input(int index) {
        return inputs[index];
    }

    /** The values of all inputs, in the order of the call's inputs. Stages do not write to them. */
    public float[][] inputs() {
        return inputs;
    }

    /**
     * The values of some inputs, in the order asked for: the array is reused, its elements are
     * those of {@link #input(int)}.
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

    /** A reusable array of at least that many ints. */
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

    /** {@code count} reusable arrays in one, apart from those of {@link #scratch(int)}. */
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

    /** The block's one object of a class, for work that needs arrays of its own: made once. */
    public <T> T tool(Class<T> type, Supplier<T> maker) {
        return type.cast(tools.computeIfAbsent(type, t -> maker.get()));
    }

    /** Moves the block; the caller then fills {@link #input(int)}. */
    public void moveTo(long newOffset, int newLength) {
        offset = newOffset;
        length = newLength;
    }
}
