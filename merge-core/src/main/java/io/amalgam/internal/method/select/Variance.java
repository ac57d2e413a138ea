package io.amalgam.internal.method.select;

import io.amalgam.method.Block;
import java.util.ArrayList;
import java.util.List;

/**
 * The population variance of the task vectors {@code d_m = x_m - base} at each element, as {@code
 * sum (e_m - mean e)^2 / models} with {@code e_m = d_m - d_0}: exactly 0 where all are equal. Every
 * step float32, models in order.
 */
public record Variance(int base, List<Integer> others) implements Ranking {
    @Override
    public List<Integer> inputs() {
        List<Integer> inputs = new ArrayList<>(others);
        inputs.add(base);
        return inputs;
    }

    @Override
    public void values(Block in, float[] dst) {
        in.kernels().variance(in.inputs(others), others.size(), in.input(base), dst, in.length());
    }
}
