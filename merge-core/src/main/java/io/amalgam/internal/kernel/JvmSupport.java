package io.amalgam.internal.kernel;

import io.amalgam.error.Problem;
import java.util.Locale;
import java.util.Optional;

/**
 * Properties of the running JVM that decide whether vector code is faster. Without HotSpot's server
 * compiler every vector operation allocates and calls, and is slower than plain Java by orders of
 * magnitude.
 *
 * @param module whether the incubator module is resolved
 * @param name the system property {@code java.vm.name}
 * @param info the system property {@code java.vm.info}
 */
record JvmSupport(boolean module, String name, String info) {
    private static final int NARROWEST = 128;
    private static final int WIDEST = 512;

    static JvmSupport current() {
        return new JvmSupport(
                ModuleLayer.boot().findModule(KernelProvider.MODULE).isPresent(),
                System.getProperty("java.vm.name", ""),
                System.getProperty("java.vm.info", ""));
    }

    /** Why this JVM is not given vector code; empty if it is. */
    Optional<Problem> refusal() {
        if (!module) {
            return Optional.of(
                    Problem.of("the module '" + KernelProvider.MODULE + "' is not in use")
                            .hint("start java with --add-modules " + KernelProvider.MODULE));
        }
        if (!name.contains("Server VM")) {
            return Optional.of(
                    Problem.expected("the JVM", "a HotSpot server VM", "'" + name + "'")
                            .at("java.vm.name")
                            .hint("use an OpenJDK build with the server compiler"));
        }
        String mode = info.toLowerCase(Locale.ROOT);
        if (mode.contains("interpreted")) {
            return Optional.of(modeProblem("remove -Xint"));
        }
        if (mode.contains("emulated-client")) {
            return Optional.of(modeProblem("remove -XX:TieredStopAtLevel and -XX:CompilationMode"));
        }
        return Optional.empty();
    }

    /** Why vectors of this width are not used; empty if they are. */
    static Optional<Problem> refusal(int vectorBits) {
        boolean usable =
                vectorBits >= NARROWEST
                        && vectorBits <= WIDEST
                        && Integer.bitCount(vectorBits) == 1;
        if (usable) {
            return Optional.empty();
        }
        return Optional.of(
                Problem.expected("the vector width in bits", "128, 256 or 512", vectorBits)
                        .hint(
                                "run on a processor with such vectors,"
                                        + " or remove -XX:MaxVectorSize and -XX:UseAVX"));
    }

    private Problem modeProblem(String hint) {
        return Problem.expected(
                        "the JVM's mode", "compilation by the server compiler", "'" + info + "'")
                .at("java.vm.info")
                .hint(hint);
    }
}
