package io.amalgam.cli.options;

import io.amalgam.cli.console.Console;
import io.amalgam.engine.EngineOptions;
import io.amalgam.internal.kernel.KernelProvider;
import picocli.CommandLine.Option;

/** Options of the engine. */
public final class EngineMixin {
    @Option(
            names = "--kernels",
            paramLabel = "KIND",
            completionCandidates = Completions.Kernels.class,
            description = "auto, simd or scalar. All give the same bytes. Default: auto.")
    private KernelProvider.Choice kernels = KernelProvider.Choice.AUTO;

    @Option(
            names = "--allow-nonfinite",
            description = "Allow NaN and infinities in inputs and results.")
    private boolean allowNonfinite;

    public KernelProvider provider() {
        return KernelProvider.choose(kernels);
    }

    public EngineOptions options(KernelProvider provider, ResourceMixin resources) {
        return EngineOptions.defaults(provider.kernels())
                .threads(resources.threads)
                .memory(resources.memory.bytes())
                .allowNonfinite(allowNonfinite);
    }

    /** Says which kernels are in use, where that is asked for or not as one would wish. */
    public void explain(KernelProvider provider, Console console, VerbosityMixin verbosity) {
        boolean slow =
                kernels == KernelProvider.Choice.AUTO && provider.kernels().name().equals("scalar");
        if (!verbosity.quiet && (slow || verbosity.verbose())) {
            console.note(provider.explanation());
        }
    }
}
