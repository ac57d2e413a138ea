package io.amalgam.internal.method.matrix;

import io.amalgam.method.Block;
import io.amalgam.method.TensorCall;
import io.amalgam.method.TensorStep;
import java.util.List;

/** The weighted mean, moved towards the base where the call says so; float64, rounded once. */
final class AveragedRest implements TensorStep.Combine {
    private final int base;
    private final double scale;
    private final List<Integer> models;
    private final double[] shares;

    AveragedRest(TensorCall call) {
        this.base = call.base();
        this.scale = call.number("scale");
        this.models = call.models();
        double sum = models.stream().mapToDouble(m -> call.number(m, "weight")).sum();
        this.shares = models.stream().mapToDouble(m -> call.number(m, "weight") / sum).toArray();
    }

    @Override
    public boolean reads(int input) {
        return input == base || models.contains(input);
    }

    @Override
    public void combine(Block in, float[] out) {
        float[][] x = in.inputs(models);
        for (int i = 0; i < in.length(); i++) {
            double mean = 0;
            for (int m = 0; m < shares.length; m++) {
                mean += shares[m] * x[m][i];
            }
            double origin = base >= 0 ? in.input(base)[i] : mean;
            out[i] = (float) (origin + scale * (mean - origin));
        }
    }
}
