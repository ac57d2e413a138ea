package io.amalgam.internal.kernel;

import io.amalgam.error.BadInputException;
import io.amalgam.error.Problem;
import io.amalgam.kernel.Kernels;
import java.util.Objects;
import java.util.Optional;

/**
 * Chooses the kernels, with the reason. Both kinds give the same bits; the choice is one of speed
 * only.
 *
 * @param kernels the chosen kernels, safe for use by many threads
 * @param explanation one line for reports: the kernels and, where they are not the fast ones, the
 *     reason and what changes it
 */
public record KernelProvider(Kernels kernels, String explanation) {
    /** With fewer bytes to read and write, vector code takes longer to compile than it saves. */
    private static final long SMALL = 32L << 20;

    static final String MODULE = "jdk.incubator.vector";
    static final String SIMD_CLASS = "io.amalgam.internal.kernel.simd.SimdKernels";

    public KernelProvider {
        Objects.requireNonNull(kernels, "kernels");
        Objects.requireNonNull(explanation, "explanation");
    }

    /** What the user may ask for. */
    public enum Choice {
        /** Vector instructions where they are there and pay, otherwise plain Java. */
        AUTO,
        /** Vector instructions or an error. */
        SIMD,
        /** Plain Java. */
        SCALAR
    }

    /**
     * @throws BadInputException if {@link Choice#SIMD} is requested but not available
     */
    public static KernelProvider choose(Choice choice) {
        return choose(choice, JvmSupport.current());
    }

    /** The kernels for so many bytes of tensors, where these alone decide. */
    public static Optional<KernelProvider> forSmall(Choice choice, long bytes) {
        return choice == Choice.AUTO && bytes < SMALL
                ? Optional.of(
                        new KernelProvider(
                                ScalarKernels.INSTANCE,
                                "scalar kernels: the merge is too small for others to pay"))
                : Optional.empty();
    }

    static KernelProvider choose(Choice choice, JvmSupport machine) {
        if (choice == Choice.SCALAR) {
            return new KernelProvider(ScalarKernels.INSTANCE, "scalar kernels: asked for");
        }
        Optional<Problem> refusal = machine.refusal();
        if (refusal.isEmpty()) {
            Loaded simd = Loaded.load(SIMD_CLASS);
            refusal = JvmSupport.refusal(simd.bits());
            if (refusal.isEmpty()) {
                String name = simd.kernels().name();
                return new KernelProvider(
                        simd.kernels(), name + " kernels: vectors of " + simd.bits() + " bits");
            }
        }
        if (choice == Choice.SIMD) {
            Problem reason = refusal.get();
            throw new BadInputException(
                    reason.withWhat("simd kernels cannot be used: " + reason.what()));
        }
        return new KernelProvider(ScalarKernels.INSTANCE, "scalar kernels: " + refusal.get());
    }

    /**
     * The SIMD kernels, found by name as nothing outside their package may need the incubator
     * module.
     */
    record Loaded(Kernels kernels, int bits) {
        static Loaded load(String className) {
            try {
                // Reflection, not method handles: those spin classes, which a start-up feels.
                Class<?> type = Class.forName(className);
                int bits = (int) type.getMethod("vectorBits").invoke(null);
                Kernels kernels = (Kernels) type.getConstructor().newInstance();
                return new Loaded(kernels, bits);
            } catch (ReflectiveOperationException | LinkageError missing) {
                // Not a reason for slow kernels: a jar without this class is broken and would be
                // slow for ever.
                throw new IllegalStateException(
                        "the class '"
                                + className
                                + "' cannot be loaded although the module '"
                                + MODULE
                                + "' is there: the jar is incomplete",
                        missing);
            }
        }
    }
}
