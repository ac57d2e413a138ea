package io.amalgam.internal.lora.combine;

import io.amalgam.internal.linalg.Matrix;
import io.amalgam.internal.lora.LoraModule;
import java.util.Arrays;

/**
 * One adapter's factors of the module that is being combined.
 *
 * @param a {@code rank x in}, row-major
 * @param b {@code out x rank}, row-major
 * @param adapter its position among the adapters
 */
record ModuleFactors(LoraModule module, float[] a, float[] b, double weight, int adapter) {
    int rank() {
        return module.rank();
    }

    int in() {
        return Math.toIntExact(module.in());
    }

    int out() {
        return Math.toIntExact(module.out());
    }

    double scale() {
        return module.scale();
    }

    /** Weight and scale. */
    double factor() {
        return weight * scale();
    }

    Matrix matrixA() {
        return Matrix.of(rank(), in(), a);
    }

    Matrix matrixB() {
        return Matrix.of(out(), rank(), b);
    }

    /** Whether both are the same change, but for their weights. */
    boolean sameFactors(ModuleFactors other) {
        return scale() == other.scale() && Arrays.equals(a, other.a) && Arrays.equals(b, other.b);
    }

    ModuleFactors withWeight(double other) {
        return new ModuleFactors(module, a, b, other, adapter);
    }
}
