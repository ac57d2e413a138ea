package io.amalgam.cli.options;

import io.amalgam.cli.console.Console;
import io.amalgam.engine.EngineOptions;
import io.amalgam.internal.engine.JitWarmup;
import io.amalgam.internal.kernel.KernelProvider;
import io.amalgam.kernel.Kernels;
import org.jspecify.annotations.Nullable;
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

    private @Nullable KernelProvider chosen;

    private KernelProvider provider() {
        if (chosen == null) {
            chosen = KernelProvider.choose(kernels);
        }
        return chosen;
    }

    /**
     * The kernels in use.
     *
     * @throws io.amalgam.error.BadInputException if they cannot be used here
     */
    public Kernels kernels() {
        return provider().kernels();
    }

    /** Lets the JVM compile what merges need, while the command reads and plans. */
    public void warmUp() {
        JitWarmup.beginWithConversions(kernels());
    }

    /** The same for comparisons. */
    public void warmUpComparisons() {
        JitWarmup.beginWithComparisons(kernels());
    }

    /** The same for merges of adapters. */
    public void warmUpProducts() {
        JitWarmup.beginWithProducts(kernels());
    }

    public EngineOptions options(ResourceMixin resources) {
        return options(resources, kernels());
    }

    /** The options of a merge that reads and writes so many bytes of tensors. */
    public EngineOptions options(ResourceMixin resources, long bytes) {
        return options(resources, provider(bytes).kernels());
    }

    private EngineOptions options(ResourceMixin resources, Kernels used) {
        return EngineOptions.defaults(used)
                .threads(resources.threads)
                .memory(resources.memory.bytes())
                .allowNonfinite(allowNonfinite);
    }

    private KernelProvider provider(long bytes) {
        return KernelProvider.forSmall(kernels, bytes).orElseGet(this::provider);
    }

    /** Says which kernels are in use, where that is asked for or not as one would wish. */
    public void explain(Console console, VerbosityMixin verbosity) {
        explain(console, verbosity, provider());
    }

    /** The same for a merge that reads and writes so many bytes of tensors. */
    public void explain(Console console, VerbosityMixin verbosity, long bytes) {
        explain(console, verbosity, provider(bytes));
    }

    private void explain(Console console, VerbosityMixin verbosity, KernelProvider used) {
        boolean slow = kernels == KernelProvider.Choice.AUTO && kernels().name().equals("scalar");
        if (!verbosity.quiet && (slow || verbosity.verbose())) {
            console.note(used.explanation());
        }
    }
}
