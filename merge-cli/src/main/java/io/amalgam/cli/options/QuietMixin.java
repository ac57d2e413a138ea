package io.amalgam.cli.options;

import picocli.CommandLine.Option;

/** Silence, of a command whose whole work is what it prints or writes in one piece. */
public final class QuietMixin {
    @Option(
            names = "--quiet",
            negatable = true,
            description = "Print only warnings and errors; with --json also the document.")
    public boolean quiet;
}
