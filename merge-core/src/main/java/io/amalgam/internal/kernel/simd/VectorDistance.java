package io.amalgam.internal.kernel.simd;

import static io.amalgam.internal.kernel.simd.Species.FLOATS;
import static io.amalgam.internal.kernel.simd.Species.LENGTH;

import io.amalgam.internal.kernel.ScalarKernels;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;

/** Distances of elements from the base's, and the choice by them. */
final class VectorDistance {
    private VectorDistance() {}

    static void distance(float[] x, float[] base, float factor, float[] dst, int from, int to) {
        int i = from;
        for (; i + LENGTH <= to; i += LENGTH) {
            FloatVector.fromArray(FLOATS, x, i)
                    .sub(FloatVector.fromArray(FLOATS, base, i))
                    .abs()
                    .mul(factor)
                    .intoArray(dst, i);
        }
        ScalarKernels.INSTANCE.distance(x, base, factor, dst, i, to);
    }

    static void farther(
            float[] x, float[] base, float factor, float threshold, float[] dst, int from, int to) {
        FloatVector bound = FloatVector.broadcast(FLOATS, threshold);
        int i = from;
        for (; i + LENGTH <= to; i += LENGTH) {
            FloatVector value = FloatVector.fromArray(FLOATS, x, i);
            FloatVector origin = FloatVector.fromArray(FLOATS, base, i);
            FloatVector distance = value.sub(origin).abs().mul(factor);
            origin.blend(value, distance.compare(VectorOperators.GE, bound)).intoArray(dst, i);
        }
        ScalarKernels.INSTANCE.farther(x, base, factor, threshold, dst, i, to);
    }
}
