package io.amalgam.golden;

import io.amalgam.formats.safetensors.SafetensorsFile;
import io.amalgam.tensor.DType;
import io.amalgam.tensor.TensorInfo;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;

/**
 * How far two files with the same tensors are apart.
 *
 * @param relative largest difference of two float32 elements, over the largest magnitude of its
 *     tensor
 * @param units largest difference of two 16-bit elements, in units in the last place
 * @param differing 16-bit elements that are not the same
 * @param beyond 16-bit elements more than one unit apart
 * @param elements all elements
 */
record Deviation(double relative, int units, long differing, long beyond, long elements) {
    static Deviation between(Path ours, Path theirs) throws IOException {
        Deviation sum = new Deviation(0, 0, 0, 0, 0);
        try (SafetensorsFile a = SafetensorsFile.open(ours);
                SafetensorsFile b = SafetensorsFile.open(theirs)) {
            for (String name : b.tensors().keySet()) {
                TensorInfo info = b.tensors().get(name).info();
                sum =
                        sum.and(
                                info.dtype() == DType.F32
                                        ? ofFloats(a.floats(name), b.floats(name))
                                        : ofHalves(a.bytes(name), b.bytes(name)));
            }
        }
        return sum;
    }

    private Deviation and(Deviation other) {
        return new Deviation(
                Math.max(relative, other.relative),
                Math.max(units, other.units),
                differing + other.differing,
                beyond + other.beyond,
                elements + other.elements);
    }

    private static Deviation ofFloats(float[] a, float[] b) {
        double largest = 0;
        double furthest = 0;
        for (int i = 0; i < b.length; i++) {
            largest = Math.max(largest, Math.abs(b[i]));
            double distance = Math.abs((double) a[i] - b[i]);
            // NaN is as far away as can be.
            furthest = distance <= furthest ? furthest : distance >= 0 ? distance : 1 / 0.0;
        }
        double relative = furthest == 0 ? 0 : furthest / largest;
        return new Deviation(relative, 0, 0, 0, b.length);
    }

    private static Deviation ofHalves(byte[] a, byte[] b) {
        ByteBuffer ours = ByteBuffer.wrap(a).order(ByteOrder.LITTLE_ENDIAN);
        ByteBuffer theirs = ByteBuffer.wrap(b).order(ByteOrder.LITTLE_ENDIAN);
        int furthest = 0;
        long differing = 0;
        long beyond = 0;
        for (int at = 0; at < b.length; at += Short.BYTES) {
            int units = Math.abs(ordered(ours.getShort(at)) - ordered(theirs.getShort(at)));
            furthest = Math.max(furthest, units);
            differing += units > 0 ? 1 : 0;
            beyond += units > 1 ? 1 : 0;
        }
        return new Deviation(0, furthest, differing, beyond, b.length / Short.BYTES);
    }

    /** An int that orders as the 16-bit floats do; neighbours differ by one. */
    private static int ordered(short bits) {
        int magnitude = bits & 0x7fff;
        return bits < 0 ? -magnitude : magnitude;
    }
}
