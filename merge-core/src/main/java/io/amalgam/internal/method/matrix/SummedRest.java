package io.amalgam.internal.method.matrix;

import io.amalgam.method.Block;
import io.amalgam.method.TensorCall;
import io.amalgam.method.TensorStep;
import java.util.List;

/** The base plus a factor of the sum of the weighted task vectors; in float64, rounded once. */
final class SummedRest implements TensorStep.Combine {
    private final int base;
    private final List<Integer> models;
    private final double[] factors;

    private SummedRest(TensorCall call, double factor) {
        this.base = call.base();
        this.models = call.models();
        this.factors =
                models.stream().mapToDouble(m -> factor * call.number(m, "weight")).toArray();
    }

    static TensorStep of(TensorCall call) {
        double factor = MatrixParameters.restFactor(call);
        return factor == 0 ? new TensorStep.Copy(call.base()) : new SummedRest(call, factor);
    }

    @Override
    public void combine(Block in, float[] out) {
        float[] origin = in.input(base);
        float[][] x = in.inputs(models);
        for (int i = 0; i < in.length(); i++) {
            double sum = 0;
            for (int m = 0; m < factors.length; m++) {
                sum += factors[m] * ((double) x[m][i] - origin[i]);
            }
            out[i] = (float) (origin[i] + sum);
        }
    }
}
