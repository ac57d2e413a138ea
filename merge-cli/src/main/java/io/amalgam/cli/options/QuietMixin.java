package io.amalgam.cli.options;

import picocli.CommandLine.Option;

/** Silence, of a command whose whole work is what it prints or writes in one piece. */
public final class QuietMixin {
    @Option(
            names = "--quiet",
            negatable = true,
            description = "Say nothing but warnings and errors; with --json, the document too.")
    public boolean quiet;
}
