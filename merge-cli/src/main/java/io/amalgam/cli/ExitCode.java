package io.amalgam.cli;

/** How a command ended, as the shell sees it. */
final class ExitCode {
    static final int DONE = 0;
    static final int FAILED = 1;
    static final int USAGE = 2;
    static final int BAD_INPUT = 3;
    static final int INTERRUPTED = 130;

    private ExitCode() {}
}
