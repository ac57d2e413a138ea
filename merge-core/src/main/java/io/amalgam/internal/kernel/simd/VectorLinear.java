package io.amalgam.internal.kernel.simd;

import static io.amalgam.internal.kernel.simd.Species.FLOATS;
import static io.amalgam.internal.kernel.simd.Species.LENGTH;

import io.amalgam.internal.kernel.ScalarLinear;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;

/** Sums over the models, one vector of elements at a time, so that nothing is stored in between. */
final class VectorLinear {
    private VectorLinear() {}

    static void weightedSum(
            float[][] x, float[] weights, int models, float divisor, float[] out, int n) {
        int bound = FLOATS.loopBound(n);
        float[] first = x[0];
        int i = 0;
        for (; i < bound; i += LENGTH) {
            FloatVector sum = FloatVector.fromArray(FLOATS, first, i).mul(weights[0]);
            for (int m = 1; m < models; m++) {
                FloatVector w = FloatVector.broadcast(FLOATS, weights[m]);
                sum = FloatVector.fromArray(FLOATS, x[m], i).lanewise(VectorOperators.FMA, w, sum);
            }
            if (divisor != 1) {
                sum = sum.div(divisor);
            }
            sum.intoArray(out, i);
        }
        ScalarLinear.weightedSum(x, weights, models, divisor, out, i, n);
    }

    static void addDeltas(
            float[][] x,
            float[] weights,
            int models,
            float[] base,
            float divisor,
            float lambda,
            float[] out,
            int n) {
        int bound = FLOATS.loopBound(n);
        if (divisor == 1) {
            addSums(x, weights, models, base, lambda, out, bound);
        } else {
            addQuotients(x, weights, models, base, divisor, lambda, out, bound);
        }
        ScalarLinear.addDeltas(x, weights, models, base, divisor, lambda, out, bound, n);
    }

    // The base is loaded again for each model, and there are two loops instead of a branch in one:
    // a vector that outlives a loop within, or a branch, is an object on the heap on JDK 17.

    private static void addSums(
            float[][] x,
            float[] weights,
            int models,
            float[] base,
            float lambda,
            float[] out,
            int bound) {
        FloatVector zero = FloatVector.zero(FLOATS);
        for (int i = 0; i < bound; i += LENGTH) {
            FloatVector sum = zero;
            for (int m = 0; m < models; m++) {
                FloatVector delta =
                        FloatVector.fromArray(FLOATS, x[m], i)
                                .sub(FloatVector.fromArray(FLOATS, base, i));
                sum = sum.add(delta.mul(weights[m]));
            }
            FloatVector.fromArray(FLOATS, base, i).add(sum.mul(lambda)).intoArray(out, i);
        }
    }

    private static void addQuotients(
            float[][] x,
            float[] weights,
            int models,
            float[] base,
            float divisor,
            float lambda,
            float[] out,
            int bound) {
        FloatVector zero = FloatVector.zero(FLOATS);
        for (int i = 0; i < bound; i += LENGTH) {
            FloatVector sum = zero;
            for (int m = 0; m < models; m++) {
                FloatVector delta =
                        FloatVector.fromArray(FLOATS, x[m], i)
                                .sub(FloatVector.fromArray(FLOATS, base, i));
                sum = sum.add(delta.mul(weights[m]));
            }
            FloatVector.fromArray(FLOATS, base, i)
                    .add(sum.div(divisor).mul(lambda))
                    .intoArray(out, i);
        }
    }

    static void variance(float[][] x, int models, float[] base, float[] dst, int n) {
        int bound = FLOATS.loopBound(n);
        FloatVector zero = FloatVector.zero(FLOATS);
        float count = models;
        for (int i = 0; i < bound; i += LENGTH) {
            FloatVector origin = FloatVector.fromArray(FLOATS, base, i);
            FloatVector first = FloatVector.fromArray(FLOATS, x[0], i).sub(origin);
            FloatVector sum = zero;
            for (int m = 1; m < models; m++) {
                sum = sum.add(FloatVector.fromArray(FLOATS, x[m], i).sub(origin).sub(first));
            }
            FloatVector mean = sum.div(count);
            FloatVector squares = mean.mul(mean);
            for (int m = 1; m < models; m++) {
                FloatVector distance =
                        FloatVector.fromArray(FLOATS, x[m], i).sub(origin).sub(first).sub(mean);
                squares = squares.add(distance.mul(distance));
            }
            squares.div(count).intoArray(dst, i);
        }
        ScalarLinear.variance(x, models, base, dst, bound, n);
    }
}
