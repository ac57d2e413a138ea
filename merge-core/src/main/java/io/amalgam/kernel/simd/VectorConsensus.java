package io.amalgam.kernel.simd;

import static io.amalgam.kernel.simd.Species.FLOATS;
import static io.amalgam.kernel.simd.Species.LENGTH;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;

/** Sign consensus over the models, one vector of elements at a time. */
final class VectorConsensus {
    private VectorConsensus() {}

    static void consensus(
            float[][] weighted,
            float[] weights,
            int models,
            float[] base,
            boolean normalize,
            float lambda,
            float[] out,
            int n) {
        int bound = FLOATS.loopBound(n);
        FloatVector zero = FloatVector.zero(FLOATS);
        FloatVector one = FloatVector.broadcast(FLOATS, 1f);
        int i = 0;
        for (; i < bound; i += LENGTH) {
            FloatVector sum = zero;
            for (int m = 0; m < models; m++) {
                sum = sum.add(FloatVector.fromArray(FLOATS, weighted[m], i));
            }
            // 1 where the majority is positive, else -1: a value times that is above zero where it
            // agrees.
            FloatVector side = one.neg().blend(one, sum.compare(VectorOperators.GE, 0f));
            FloatVector agreed = zero;
            FloatVector divisor = zero;
            for (int m = 0; m < models; m++) {
                FloatVector value = FloatVector.fromArray(FLOATS, weighted[m], i);
                VectorMask<Float> agrees = value.mul(side).compare(VectorOperators.GT, 0f);
                agreed = agreed.add(zero.blend(value, agrees));
                divisor = divisor.add(zero.blend(weights[m], agrees));
            }
            if (normalize) {
                agreed = agreed.div(divisor.blend(one, divisor.compare(VectorOperators.EQ, 0f)));
            }
            FloatVector.fromArray(FLOATS, base, i).add(agreed.mul(lambda)).intoArray(out, i);
        }
        for (; i < n; i++) {
            float sum = 0;
            for (int m = 0; m < models; m++) {
                sum += weighted[m][i];
            }
            boolean positive = sum >= 0;
            float agreed = 0;
            float divisor = 0;
            for (int m = 0; m < models; m++) {
                float value = weighted[m][i];
                if (positive ? value > 0 : value < 0) {
                    agreed += value;
                    divisor += weights[m];
                }
            }
            if (normalize && divisor != 0) {
                agreed /= divisor;
            }
            out[i] = base[i] + lambda * agreed;
        }
    }

    static void agreeing(
            float[] election,
            float[][] vectors,
            float[] weights,
            float[] shares,
            int models,
            float[] agreed,
            float[] divisor,
            int n) {
        int bound = FLOATS.loopBound(n);
        FloatVector zero = FloatVector.zero(FLOATS);
        FloatVector one = FloatVector.broadcast(FLOATS, 1f);
        int i = 0;
        for (; i < bound; i += LENGTH) {
            FloatVector elected = FloatVector.fromArray(FLOATS, election, i);
            FloatVector side = one.neg().blend(one, elected.compare(VectorOperators.GE, 0f));
            FloatVector sum = zero;
            FloatVector share = zero;
            for (int m = 0; m < models; m++) {
                FloatVector value = FloatVector.fromArray(FLOATS, vectors[m], i);
                VectorMask<Float> agrees = value.mul(side).compare(VectorOperators.GT, 0f);
                sum = sum.add(zero.blend(value.mul(weights[m]), agrees));
                share = share.add(zero.blend(shares[m], agrees));
            }
            sum.intoArray(agreed, i);
            share.intoArray(divisor, i);
        }
        for (; i < n; i++) {
            boolean positive = election[i] >= 0;
            float sum = 0;
            float share = 0;
            for (int m = 0; m < models; m++) {
                float value = vectors[m][i];
                if (positive ? value > 0 : value < 0) {
                    sum += weights[m] * value;
                    share += shares[m];
                }
            }
            agreed[i] = sum;
            divisor[i] = share;
        }
    }
}
