package io.amalgam.kernel.simd;

import static io.amalgam.kernel.simd.Species.FLOATS;
import static io.amalgam.kernel.simd.Species.LENGTH;

import jdk.incubator.vector.FloatVector;

/**
 * Arithmetic on one element of each input. Every step is one rounded float32 operation, in the
 * order of the specification.
 */
final class VectorElementwise {
    private VectorElementwise() {}

    static void scale(float[] x, float w, float[] dst, int n) {
        int bound = FLOATS.loopBound(n);
        int i = 0;
        for (; i < bound; i += LENGTH) {
            FloatVector.fromArray(FLOATS, x, i).mul(w).intoArray(dst, i);
        }
        for (; i < n; i++) {
            dst[i] = w * x[i];
        }
    }

    static void fma(float[] acc, float[] x, float w, int n) {
        int bound = FLOATS.loopBound(n);
        FloatVector weight = FloatVector.broadcast(FLOATS, w);
        int i = 0;
        for (; i < bound; i += LENGTH) {
            FloatVector sum = FloatVector.fromArray(FLOATS, acc, i);
            FloatVector.fromArray(FLOATS, x, i).fma(weight, sum).intoArray(acc, i);
        }
        for (; i < n; i++) {
            acc[i] = Math.fma(w, x[i], acc[i]);
        }
    }

    static void divide(float[] x, float d, int n) {
        int bound = FLOATS.loopBound(n);
        int i = 0;
        for (; i < bound; i += LENGTH) {
            FloatVector.fromArray(FLOATS, x, i).div(d).intoArray(x, i);
        }
        for (; i < n; i++) {
            x[i] = x[i] / d;
        }
    }

    static void add(float[] a, float[] b, float[] dst, int n) {
        int bound = FLOATS.loopBound(n);
        int i = 0;
        for (; i < bound; i += LENGTH) {
            FloatVector.fromArray(FLOATS, a, i)
                    .add(FloatVector.fromArray(FLOATS, b, i))
                    .intoArray(dst, i);
        }
        for (; i < n; i++) {
            dst[i] = a[i] + b[i];
        }
    }

    static void subtract(float[] a, float[] b, float[] dst, int n) {
        int bound = FLOATS.loopBound(n);
        int i = 0;
        for (; i < bound; i += LENGTH) {
            FloatVector.fromArray(FLOATS, a, i)
                    .sub(FloatVector.fromArray(FLOATS, b, i))
                    .intoArray(dst, i);
        }
        for (; i < n; i++) {
            dst[i] = a[i] - b[i];
        }
    }

    static void blend(float[] a, float ca, float[] b, float cb, float[] dst, int n) {
        int bound = FLOATS.loopBound(n);
        int i = 0;
        for (; i < bound; i += LENGTH) {
            FloatVector first = FloatVector.fromArray(FLOATS, a, i).mul(ca);
            FloatVector second = FloatVector.fromArray(FLOATS, b, i).mul(cb);
            first.add(second).intoArray(dst, i);
        }
        for (; i < n; i++) {
            dst[i] = ca * a[i] + cb * b[i];
        }
    }

    static void addWeightedDelta(float[] acc, float[] x, float[] base, float w, int n) {
        int bound = FLOATS.loopBound(n);
        int i = 0;
        for (; i < bound; i += LENGTH) {
            FloatVector delta =
                    FloatVector.fromArray(FLOATS, x, i).sub(FloatVector.fromArray(FLOATS, base, i));
            FloatVector.fromArray(FLOATS, acc, i).add(delta.mul(w)).intoArray(acc, i);
        }
        for (; i < n; i++) {
            acc[i] = acc[i] + w * (x[i] - base[i]);
        }
    }

    static void addScaled(
            float[] base, float[] sum, float divisor, float lambda, float[] out, int n) {
        int bound = FLOATS.loopBound(n);
        int i = 0;
        if (divisor == 1) {
            for (; i < bound; i += LENGTH) {
                FloatVector scaled = FloatVector.fromArray(FLOATS, sum, i).mul(lambda);
                FloatVector.fromArray(FLOATS, base, i).add(scaled).intoArray(out, i);
            }
        } else {
            for (; i < bound; i += LENGTH) {
                FloatVector scaled = FloatVector.fromArray(FLOATS, sum, i).div(divisor).mul(lambda);
                FloatVector.fromArray(FLOATS, base, i).add(scaled).intoArray(out, i);
            }
        }
        for (; i < n; i++) {
            out[i] = base[i] + lambda * (sum[i] / divisor);
        }
    }
}
