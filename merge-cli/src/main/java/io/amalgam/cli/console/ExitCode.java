package io.amalgam.cli.console;

/** Exit codes of the command. */
public final class ExitCode {
    public static final int DONE = 0;
    public static final int FAILED = 1;

    /** Of a comparison that was asked for it. */
    public static final int DIFFERENT = 1;

    public static final int USAGE = 2;
    public static final int BAD_INPUT = 3;
    public static final int INTERRUPTED = 130;

    private ExitCode() {}
}
