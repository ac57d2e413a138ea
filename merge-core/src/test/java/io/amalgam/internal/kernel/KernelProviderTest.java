package io.amalgam.internal.kernel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.amalgam.error.BadInputException;
import io.amalgam.internal.kernel.KernelProvider.Choice;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class KernelProviderTest {
    private static final String SERVER = "OpenJDK 64-Bit Server VM";

    @Test
    void scalarIsAlwaysToBeHad() {
        KernelProvider provider = KernelProvider.choose(Choice.SCALAR);
        assertThat(provider.kernels()).isSameAs(ScalarKernels.INSTANCE);
        assertThat(provider.explanation()).isEqualTo("scalar kernels: asked for");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "false | OpenJDK 64-Bit Server VM | mixed mode |"
                        + " the module 'jdk.incubator.vector' is not in use;"
                        + " start java with --add-modules jdk.incubator.vector",
                "true | OpenJDK 64-Bit Client VM | mixed mode |"
                        + " the JVM: expected a HotSpot server VM, got 'OpenJDK 64-Bit Client VM'"
                        + " (java.vm.name); use an OpenJDK build with the server compiler",
                "true | OpenJDK 64-Bit Server VM | interpreted mode, sharing |"
                        + " the JVM's mode: expected compilation by the server compiler,"
                        + " got 'interpreted mode, sharing' (java.vm.info); remove -Xint",
                "true | OpenJDK 64-Bit Server VM | mixed mode, emulated-client |"
                        + " the JVM's mode: expected compilation by the server compiler,"
                        + " got 'mixed mode, emulated-client' (java.vm.info);"
                        + " remove -XX:TieredStopAtLevel and -XX:CompilationMode"
            })
    void whereSimdDoesNotPayItIsRefusedWithTheReason(
            boolean module, String name, String info, String reason) {
        JvmSupport machine = new JvmSupport(module, name, info);

        KernelProvider provider = KernelProvider.choose(Choice.AUTO, machine);
        assertThat(provider.kernels()).isSameAs(ScalarKernels.INSTANCE);
        assertThat(provider.explanation()).isEqualTo("scalar kernels: " + reason);

        assertThatThrownBy(() -> KernelProvider.choose(Choice.SIMD, machine))
                .isInstanceOf(BadInputException.class)
                .hasMessage("simd kernels cannot be used: " + reason);
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 64, 384, 1024, 2048})
    void oddVectorWidthsAreRefused(int bits) {
        assertThat(JvmSupport.refusal(bits))
                .map(Object::toString)
                .contains(
                        "the vector width in bits: expected 128, 256 or 512, got "
                                + bits
                                + "; run on a processor with such vectors,"
                                + " or remove -XX:MaxVectorSize and -XX:UseAVX");
    }

    @ParameterizedTest
    @ValueSource(ints = {128, 256, 512})
    void theUsualVectorWidthsAreUsed(int bits) {
        assertThat(JvmSupport.refusal(bits)).isEmpty();
    }

    @Test
    void anOrdinaryJvmIsNotRefused() {
        assertThat(new JvmSupport(true, SERVER, "mixed mode, sharing").refusal()).isEmpty();
    }

    @Test
    void withTheModuleAutoGivesSimd() {
        assumeTrue(
                JvmSupport.current().module(),
                "this JVM runs without the module jdk.incubator.vector");
        KernelProvider provider = KernelProvider.choose(Choice.AUTO);
        assertThat(provider.kernels().name()).matches("simd-(128|256|512)");
        assertThat(provider.explanation()).matches("simd-(\\d+) kernels: vectors of \\1 bits");
        assertThat(KernelProvider.choose(Choice.SIMD).explanation())
                .isEqualTo(provider.explanation());
    }

    @Test
    void withoutTheModuleAutoGivesScalar() {
        assumeTrue(
                !JvmSupport.current().module(),
                "this JVM runs with the module jdk.incubator.vector");
        assertThat(KernelProvider.choose(Choice.AUTO).kernels()).isSameAs(ScalarKernels.INSTANCE);
    }

    @Test
    void aMissingClassIsAnErrorAndNotASlowPath() {
        assertThatThrownBy(() -> KernelProvider.Loaded.load(KernelProvider.SIMD_CLASS + "Gone"))
                .isInstanceOf(IllegalStateException.class)
                .hasMessage(
                        "the class 'io.amalgam.internal.kernel.simd.SimdKernelsGone' cannot be loaded"
                                + " although the module 'jdk.incubator.vector' is there: the jar is incomplete")
                .hasCauseInstanceOf(ClassNotFoundException.class);
    }
}
