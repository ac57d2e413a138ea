package io.amalgam.cli;

import io.amalgam.engine.EngineOptions;
import io.amalgam.internal.kernel.KernelProvider;
import picocli.CommandLine.Option;

/** How merges compute. */
final class EngineMixin {
    @Option(
            names = "--kernels",
            paramLabel = "KIND",
            completionCandidates = Completions.Kernels.class,
            description = "auto, simd or scalar: how to compute. All give the same bytes.")
    private KernelProvider.Choice kernels = KernelProvider.Choice.AUTO;

    @Option(names = "--allow-nonfinite", description = "Let NaN and infinities through.")
    private boolean allowNonfinite;

    KernelProvider provider() {
        return KernelProvider.choose(kernels);
    }

    EngineOptions options(KernelProvider provider, ResourceMixin resources) {
        return EngineOptions.defaults(provider.kernels())
                .threads(resources.threads)
                .memory(resources.memory.bytes())
                .allowNonfinite(allowNonfinite);
    }

    /** Says which kernels are in use, where that is asked for or not as one would wish. */
    void explain(KernelProvider provider, Console console, VerbosityMixin verbosity) {
        boolean slow =
                kernels == KernelProvider.Choice.AUTO && provider.kernels().name().equals("scalar");
        if (!verbosity.quiet && (slow || verbosity.verbose())) {
            console.note(provider.explanation());
        }
    }
}
