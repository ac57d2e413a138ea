package io.amalgam.method;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * The population variance of the task vectors {@code d_m = x_m - base} at each element, as {@code
 * sum (e_m - mean e)^2 / models} with {@code e_m = d_m - d_0}: exactly 0 where all are equal. Every
 * step float32, models in order.
 */
record Variance(int base, List<Integer> others) implements Ranking {
    @Override
    public List<Integer> inputs() {
        List<Integer> inputs = new ArrayList<>(others);
        inputs.add(base);
        return inputs;
    }

    @Override
    public void values(Block in, float[] dst) {
        int n = in.length();
        int models = others.size();
        float[] origin = in.input(base);
        float[][] apart = in.scratchGroup(models);
        float[] first = apart[0];
        float[] mean = in.scratch(2);
        in.kernels().subtract(in.input(others.get(0)), origin, first, n);
        Arrays.fill(mean, 0, n, 0f);
        for (int m = 1; m < models; m++) {
            float[] x = in.input(others.get(m));
            float[] e = apart[m];
            for (int i = 0; i < n; i++) {
                e[i] = x[i] - origin[i] - first[i];
                mean[i] += e[i];
            }
        }
        for (int i = 0; i < n; i++) {
            mean[i] /= models;
            dst[i] = mean[i] * mean[i];
        }
        for (int m = 1; m < models; m++) {
            float[] e = apart[m];
            for (int i = 0; i < n; i++) {
                float distance = e[i] - mean[i];
                dst[i] += distance * distance;
            }
        }
        for (int i = 0; i < n; i++) {
            dst[i] /= models;
        }
    }
}
