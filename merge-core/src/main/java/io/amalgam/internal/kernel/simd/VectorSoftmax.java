package io.amalgam.internal.kernel.simd;

import static io.amalgam.internal.kernel.simd.Species.DOUBLES;
import static io.amalgam.internal.kernel.simd.Species.FLOATS;
import static io.amalgam.internal.kernel.simd.Species.LENGTH;
import static io.amalgam.kernel.Kernels.LANES;

import io.amalgam.internal.kernel.PortableMath;
import io.amalgam.internal.kernel.ScalarSoftmax;
import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;

/** Exponentials and logarithms, as {@link PortableMath} has them; sums as {@link VectorSums}. */
final class VectorSoftmax {
    private static final int WIDTH = DOUBLES.length();

    private VectorSoftmax() {}

    static void exp(double[] x, int n) {
        for (int i = 0; i < n; i++) {
            x[i] = Math.max(x[i], PortableMath.LEAST);
        }
        bounded(x, n);
    }

    /** The exponentials of numbers from -700 to 700; of NaN NaN. */
    private static void bounded(double[] x, int n) {
        int bound = DOUBLES.loopBound(n);
        for (int i = 0; i < bound; i += WIDTH) {
            DoubleVector value = DoubleVector.fromArray(DOUBLES, x, i);
            DoubleVector shifted =
                    value.fma(number(PortableMath.LOG2_E), number(PortableMath.ROUNDER));
            DoubleVector whole = shifted.sub(PortableMath.ROUNDER);
            DoubleVector r = whole.fma(number(-PortableMath.LN2_HIGH), value);
            r = whole.fma(number(-PortableMath.LN2_LOW), r);
            DoubleVector p = number(1.0 / 6227020800.0);
            p = p.fma(r, number(1.0 / 479001600));
            p = p.fma(r, number(1.0 / 39916800));
            p = p.fma(r, number(1.0 / 3628800));
            p = p.fma(r, number(1.0 / 362880));
            p = p.fma(r, number(1.0 / 40320));
            p = p.fma(r, number(1.0 / 5040));
            p = p.fma(r, number(1.0 / 720));
            p = p.fma(r, number(1.0 / 120));
            p = p.fma(r, number(1.0 / 24));
            p = p.fma(r, number(1.0 / 6));
            p = p.fma(r, number(0.5));
            p = p.fma(r, number(1));
            p = p.fma(r, number(1));
            // The low bits of the shifted number are the exponent.
            DoubleVector power =
                    shifted.reinterpretAsLongs()
                            .add(1023)
                            .lanewise(VectorOperators.LSHL, 52)
                            .reinterpretAsDoubles();
            p.mul(power).intoArray(x, i);
        }
        for (int i = bound; i < n; i++) {
            x[i] = PortableMath.exp(x[i]);
        }
    }

    private static DoubleVector number(double value) {
        return DoubleVector.broadcast(DOUBLES, value);
    }

    static void softmax(float[] x, int at, double[] dst, double[] lanes, int n) {
        double largest = ScalarSoftmax.finite(largest(x, at, at + n));
        if (Double.isNaN(largest)) {
            ScalarSoftmax.softmax(x, at, largest, dst, lanes, 0, n);
            return;
        }
        // A loop for each step: together they are more than the compiler takes at once.
        below(x, at, largest, dst, n);
        bounded(dst, n);
        VectorSums.sum(dst, lanes, n);
    }

    /** {@code dst = -min(largest - x, 700)}. */
    private static void below(float[] x, int at, double largest, double[] dst, int n) {
        DoubleVector top = number(largest);
        long most = Double.doubleToRawLongBits(-PortableMath.LEAST);
        int bound = DOUBLES.loopBound(n);
        for (int i = 0; i < bound; i += WIDTH) {
            // Numbers that are not negative have the order of their bits.
            top.sub(VectorSums.load(x, at + i))
                    .reinterpretAsLongs()
                    .min(most)
                    .lanewise(VectorOperators.OR, Long.MIN_VALUE)
                    .reinterpretAsDoubles()
                    .intoArray(dst, i);
        }
        for (int i = bound; i < n; i++) {
            dst[i] = -Math.min(largest - x[at + i], -PortableMath.LEAST);
        }
    }

    private static float largest(float[] x, int from, int to) {
        FloatVector a = FloatVector.broadcast(FLOATS, Float.NEGATIVE_INFINITY);
        FloatVector b = a;
        int i = from;
        for (; i + 2 * LENGTH <= to; i += 2 * LENGTH) {
            a = a.max(FloatVector.fromArray(FLOATS, x, i));
            b = b.max(FloatVector.fromArray(FLOATS, x, i + LENGTH));
        }
        float most = a.max(b).reduceLanes(VectorOperators.MAX);
        return Math.max(most, ScalarSoftmax.largest(x, i, to));
    }

    static void divergence(
            double[] p,
            double pScale,
            double[] q,
            double qScale,
            double floor,
            double[] lanes,
            int n) {
        int bound = n & -LANES;
        logRatio(p, pScale, q, qScale, floor, bound);
        for (int lane = 0; lane < LANES; lane += 2 * WIDTH) {
            DoubleVector first = DoubleVector.fromArray(DOUBLES, lanes, lane);
            DoubleVector second = DoubleVector.fromArray(DOUBLES, lanes, lane + WIDTH);
            for (int i = lane; i < bound; i += LANES) {
                first = scaled(p, pScale, floor, i).fma(load(q, i), first);
                second = scaled(p, pScale, floor, i + WIDTH).fma(load(q, i + WIDTH), second);
            }
            first.intoArray(lanes, lane);
            second.intoArray(lanes, lane + WIDTH);
        }
        ScalarSoftmax.divergence(p, pScale, q, qScale, floor, lanes, bound, n);
    }

    private static void logRatio(
            double[] p, double pScale, double[] q, double qScale, double floor, int bound) {
        for (int i = 0; i < bound; i += WIDTH) {
            DoubleVector a = scaled(p, pScale, floor, i);
            DoubleVector b = scaled(q, qScale, floor, i);
            DoubleVector difference = a.sub(b);
            DoubleVector sum = a.add(b);
            if (difference
                    .abs()
                    .compare(VectorOperators.GT, sum.mul(PortableMath.NEAR))
                    .anyTrue()) {
                for (int j = i; j < i + WIDTH; j++) {
                    double near = Math.fma(p[j], pScale, floor);
                    q[j] = PortableMath.logRatio(near, Math.fma(q[j], qScale, floor));
                }
                continue;
            }
            DoubleVector s = difference.div(sum);
            DoubleVector z = s.mul(s);
            DoubleVector t = number(1.0 / 21);
            t = t.fma(z, number(1.0 / 19));
            t = t.fma(z, number(1.0 / 17));
            t = t.fma(z, number(1.0 / 15));
            t = t.fma(z, number(1.0 / 13));
            t = t.fma(z, number(1.0 / 11));
            t = t.fma(z, number(1.0 / 9));
            t = t.fma(z, number(1.0 / 7));
            t = t.fma(z, number(1.0 / 5));
            t = t.fma(z, number(1.0 / 3));
            DoubleVector twice = s.add(s);
            twice.fma(z.mul(t), twice).intoArray(q, i);
        }
    }

    private static DoubleVector scaled(double[] x, double scale, double floor, int at) {
        return DoubleVector.fromArray(DOUBLES, x, at).fma(number(scale), number(floor));
    }

    private static DoubleVector load(double[] x, int at) {
        return DoubleVector.fromArray(DOUBLES, x, at);
    }
}
