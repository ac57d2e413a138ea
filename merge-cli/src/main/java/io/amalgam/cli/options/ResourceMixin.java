package io.amalgam.cli.options;

import io.amalgam.engine.EngineOptions;
import io.amalgam.error.Problem;
import io.amalgam.internal.engine.MemoryNeeds;
import io.amalgam.plan.MergePlan;
import java.util.List;
import java.util.Optional;
import picocli.CommandLine.Option;

/** Options for threads and memory. Nothing here changes what is written. */
public final class ResourceMixin {
    @Option(
            names = {"-j", "--num-threads"},
            paramLabel = "N",
            description = "Threads. Default: one per processor.")
    public int threads = Runtime.getRuntime().availableProcessors();

    @Option(
            names = "--memory",
            paramLabel = "SIZE",
            converter = ByteSize.Converter.class,
            description = "Memory for buffers, e.g. 64M, 1GiB. Default: five eighths of the heap.")
    public ByteSize memory =
            new ByteSize(EngineOptions.defaultMemory(Runtime.getRuntime().maxMemory()));

    /** What is wrong with the values given. */
    public Optional<String> complaint() {
        if (threads < 1) {
            return Optional.of("option '--num-threads': expected at least 1, got " + threads);
        }
        if (memory.bytes() < 1) {
            return Optional.of("option '--memory': expected more than 0 bytes, got 0");
        }
        return Optional.empty();
    }

    /** These limits on an engine's options. */
    public EngineOptions on(EngineOptions options) {
        return options.threads(threads).memory(memory.bytes());
    }

    /** The memory a plan takes with these threads. */
    public MemoryNeeds needs(MergePlan plan) {
        return MemoryNeeds.of(plan, threads);
    }

    /** Whether the smallest buffers fit: asked where no engine is started that would find out. */
    public List<Problem> problems(MergePlan plan) {
        return needs(plan).tooLittle(memory.bytes()).stream().toList();
    }
}
