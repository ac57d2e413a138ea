package io.amalgam.internal.kernel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.amalgam.kernel.Kernels;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * The SIMD kernels against the scalar ones, interpreted and compiled. Skipped where the JVM runs
 * without the incubator module.
 */
class SimdKernelsTest extends KernelsContract {
    private Kernels simd;

    @BeforeEach
    void load() {
        assumeTrue(
                JvmSupport.current().module(),
                "SIMD kernels not tested: this JVM runs without jdk.incubator.vector");
        simd = KernelProvider.choose(KernelProvider.Choice.SIMD).kernels();
    }

    @Override
    Kernels subject() {
        return simd;
    }

    @Override
    Kernels specification() {
        return ScalarKernels.INSTANCE;
    }

    @Override
    int repetitions() {
        // The build has the kernels compiled after a few calls, as the launcher does.
        return 200;
    }

    @Test
    void isNamedAfterItsWidth() {
        assertThat(simd.name()).matches("simd-(128|256|512)");
    }
}
