package io.amalgam.cli.options;

import java.util.Optional;
import picocli.CommandLine.Option;

/** Options for the amount of output on standard error. */
public final class VerbosityMixin {
    @Option(names = "--quiet", negatable = true, description = "Print only warnings and errors.")
    public boolean quiet;

    @Option(
            names = {"-v", "--verbose"},
            description = "Print more: kernels, buffers, plan.")
    boolean[] verbose = {};

    /** What is wrong with the values given. */
    public Optional<String> complaint() {
        return quiet && verbose.length > 0
                ? Optional.of("options '--quiet' and '--verbose' exclude each other")
                : Optional.empty();
    }

    public boolean verbose() {
        return verbose.length > 0;
    }
}
