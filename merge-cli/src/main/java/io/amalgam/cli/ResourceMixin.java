package io.amalgam.cli;

import io.amalgam.engine.MergeEngine;
import io.amalgam.plan.MergePlan;
import java.util.Optional;
import picocli.CommandLine.Option;

/** What a merge may use. Nothing here changes what is written. */
final class ResourceMixin {
    @Option(
            names = {"-j", "--num-threads"},
            paramLabel = "N",
            description = "Threads, one for each processor unless given.")
    int threads = Runtime.getRuntime().availableProcessors();

    @Option(
            names = "--memory",
            paramLabel = "SIZE",
            converter = ByteSize.Converter.class,
            description = "Bytes the buffers may take, half the heap unless given: 64M, 1GiB.")
    ByteSize memory = new ByteSize(Runtime.getRuntime().maxMemory() / 2);

    /** What is wrong with the values given. */
    Optional<String> complaint() {
        if (threads < 1) {
            return Optional.of("option '--num-threads': expected at least 1, got " + threads);
        }
        if (memory.bytes() < 1) {
            return Optional.of("option '--memory': expected more than 0 bytes, got 0");
        }
        return Optional.empty();
    }

    int blockElements(MergePlan plan) {
        return MergeEngine.blockElements(plan, threads, memory.bytes());
    }

    long bytesHeld(MergePlan plan) {
        return MergeEngine.bytesHeld(plan, threads, memory.bytes());
    }
}
