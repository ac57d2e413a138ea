package io.amalgam.cli;

import picocli.CommandLine.Option;

/** How much is said on standard error besides errors. */
final class VerbosityMixin {
    @Option(
            names = "--quiet",
            negatable = true,
            description = "Say nothing but warnings and errors.")
    boolean quiet;

    @Option(
            names = {"-v", "--verbose"},
            description = "Say more: kernels, buffers, plan.")
    boolean[] verbose = {};

    boolean verbose() {
        return verbose.length > 0 && !quiet;
    }
}
