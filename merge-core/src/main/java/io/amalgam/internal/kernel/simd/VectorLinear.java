package io.amalgam.internal.kernel.simd;

import static io.amalgam.internal.kernel.simd.Species.FLOATS;
import static io.amalgam.internal.kernel.simd.Species.LENGTH;

import io.amalgam.internal.kernel.ScalarLinear;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;

/**
 * Sums over the models, one vector of elements at a time, so that nothing is stored in between. Two
 * and three models, the usual numbers, have loops of their own: without a loop over the models
 * within, all vectors stay in registers, bounds are checked once, and newer compilers unroll.
 */
final class VectorLinear {
    private VectorLinear() {}

    static void weightedSum(
            float[][] x, float[] weights, int models, float divisor, float[] out, int n) {
        int bound = FLOATS.loopBound(n);
        if (models == 2) {
            sum(x[0], weights[0], x[1], weights[1], out, bound);
        } else if (models == 3) {
            sum(x[0], weights[0], x[1], weights[1], x[2], weights[2], out, bound);
        } else {
            sum(x, weights, models, out, bound);
        }
        if (divisor != 1) {
            divide(out, divisor, bound);
        }
        ScalarLinear.weightedSum(x, weights, models, divisor, out, bound, n);
    }

    private static void sum(float[] x0, float w0, float[] x1, float w1, float[] out, int bound) {
        FloatVector second = FloatVector.broadcast(FLOATS, w1);
        for (int i = 0; i < bound; i += LENGTH) {
            FloatVector sum = FloatVector.fromArray(FLOATS, x0, i).mul(w0);
            FloatVector.fromArray(FLOATS, x1, i)
                    .lanewise(VectorOperators.FMA, second, sum)
                    .intoArray(out, i);
        }
    }

    private static void sum(
            float[] x0,
            float w0,
            float[] x1,
            float w1,
            float[] x2,
            float w2,
            float[] out,
            int bound) {
        FloatVector second = FloatVector.broadcast(FLOATS, w1);
        FloatVector third = FloatVector.broadcast(FLOATS, w2);
        for (int i = 0; i < bound; i += LENGTH) {
            FloatVector first = FloatVector.fromArray(FLOATS, x0, i).mul(w0);
            FloatVector sum =
                    FloatVector.fromArray(FLOATS, x1, i)
                            .lanewise(VectorOperators.FMA, second, first);
            FloatVector.fromArray(FLOATS, x2, i)
                    .lanewise(VectorOperators.FMA, third, sum)
                    .intoArray(out, i);
        }
    }

    private static void sum(float[][] x, float[] weights, int models, float[] out, int bound) {
        float[] first = x[0];
        for (int i = 0; i < bound; i += LENGTH) {
            FloatVector sum = FloatVector.fromArray(FLOATS, first, i).mul(weights[0]);
            for (int m = 1; m < models; m++) {
                FloatVector w = FloatVector.broadcast(FLOATS, weights[m]);
                sum = FloatVector.fromArray(FLOATS, x[m], i).lanewise(VectorOperators.FMA, w, sum);
            }
            sum.intoArray(out, i);
        }
    }

    private static void divide(float[] out, float divisor, int bound) {
        for (int i = 0; i < bound; i += LENGTH) {
            FloatVector.fromArray(FLOATS, out, i).div(divisor).intoArray(out, i);
        }
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
        if (divisor != 1) {
            addQuotients(x, weights, models, base, divisor, lambda, out, bound);
        } else if (models == 2) {
            addSums(x[0], weights[0], x[1], weights[1], base, lambda, out, bound);
        } else if (models == 3) {
            addSums(x[0], weights[0], x[1], weights[1], x[2], weights[2], base, lambda, out, bound);
        } else {
            addSums(x, weights, models, base, lambda, out, bound);
        }
        ScalarLinear.addDeltas(x, weights, models, base, divisor, lambda, out, bound, n);
    }

    private static void addSums(
            float[] x0,
            float w0,
            float[] x1,
            float w1,
            float[] base,
            float lambda,
            float[] out,
            int bound) {
        FloatVector zero = FloatVector.zero(FLOATS);
        for (int i = 0; i < bound; i += LENGTH) {
            FloatVector origin = FloatVector.fromArray(FLOATS, base, i);
            FloatVector first = FloatVector.fromArray(FLOATS, x0, i).sub(origin).mul(w0);
            FloatVector second = FloatVector.fromArray(FLOATS, x1, i).sub(origin).mul(w1);
            origin.add(zero.add(first).add(second).mul(lambda)).intoArray(out, i);
        }
    }

    private static void addSums(
            float[] x0,
            float w0,
            float[] x1,
            float w1,
            float[] x2,
            float w2,
            float[] base,
            float lambda,
            float[] out,
            int bound) {
        FloatVector zero = FloatVector.zero(FLOATS);
        for (int i = 0; i < bound; i += LENGTH) {
            FloatVector origin = FloatVector.fromArray(FLOATS, base, i);
            FloatVector first = FloatVector.fromArray(FLOATS, x0, i).sub(origin).mul(w0);
            FloatVector second = FloatVector.fromArray(FLOATS, x1, i).sub(origin).mul(w1);
            FloatVector third = FloatVector.fromArray(FLOATS, x2, i).sub(origin).mul(w2);
            origin.add(zero.add(first).add(second).add(third).mul(lambda)).intoArray(out, i);
        }
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
        if (models == 2) {
            variance(x[0], x[1], base, dst, bound);
        } else if (models == 3) {
            variance(x[0], x[1], x[2], base, dst, bound);
        } else {
            variances(x, models, base, dst, bound);
        }
        ScalarLinear.variance(x, models, base, dst, bound, n);
    }

    private static void variance(float[] x0, float[] x1, float[] base, float[] dst, int bound) {
        FloatVector zero = FloatVector.zero(FLOATS);
        for (int i = 0; i < bound; i += LENGTH) {
            FloatVector origin = FloatVector.fromArray(FLOATS, base, i);
            FloatVector first = FloatVector.fromArray(FLOATS, x0, i).sub(origin);
            FloatVector second = FloatVector.fromArray(FLOATS, x1, i).sub(origin).sub(first);
            FloatVector mean = zero.add(second).div(2);
            FloatVector distance = second.sub(mean);
            mean.mul(mean).add(distance.mul(distance)).div(2).intoArray(dst, i);
        }
    }

    private static void variance(
            float[] x0, float[] x1, float[] x2, float[] base, float[] dst, int bound) {
        FloatVector zero = FloatVector.zero(FLOATS);
        for (int i = 0; i < bound; i += LENGTH) {
            FloatVector origin = FloatVector.fromArray(FLOATS, base, i);
            FloatVector first = FloatVector.fromArray(FLOATS, x0, i).sub(origin);
            FloatVector second = FloatVector.fromArray(FLOATS, x1, i).sub(origin).sub(first);
            FloatVector third = FloatVector.fromArray(FLOATS, x2, i).sub(origin).sub(first);
            FloatVector mean = zero.add(second).add(third).div(3);
            FloatVector distance = second.sub(mean);
            FloatVector other = third.sub(mean);
            mean.mul(mean)
                    .add(distance.mul(distance))
                    .add(other.mul(other))
                    .div(3)
                    .intoArray(dst, i);
        }
    }

    private static void variances(float[][] x, int models, float[] base, float[] dst, int bound) {
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
    }
}
