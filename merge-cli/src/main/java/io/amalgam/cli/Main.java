package io.amalgam.cli;

import io.amalgam.cli.console.Console;
import io.amalgam.cli.console.ExitCode;
import io.amalgam.cli.console.ResultStream;
import io.amalgam.cli.console.Terminal;
import io.amalgam.cli.console.Version;
import io.amalgam.cli.options.Interruption;
import io.amalgam.internal.checkpoint.WrittenPath;
import io.amalgam.internal.engine.JitWarmup;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.PrintStream;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import picocli.CommandLine;

/** The command line: the only place of the project that prints and exits. */
public final class Main {
    /** Commands that plan and write models. */
    private static final Set<String> MERGING =
            Set.of("merge", "batch", "soup", "average", "stack", "upscale", "moe", "lora");

    private Main() {}

    public static void main(String[] args) {
        if (Boolean.getBoolean("amalgam.erase")) {
            // The JVM's own warning about the incubator module, which cannot be switched off, is
            // the line above.
            System.err.print("\u001b[1A\u001b[2K\r");
        }
        String home = System.getenv("HOME");
        if (home != null && !home.isEmpty()) {
            // What the shell puts in place of ~; Java asks the system's list of users.
            System.setProperty("user.home", home);
        }
        Interruption interruption = Interruption.ofThisProcess();
        ResultStream results =
                new ResultStream(new FileOutputStream(FileDescriptor.out), ResultStream.charset());
        Console console =
                new Console(
                        results,
                        System.err,
                        Terminal.detect(System.getenv()),
                        Optional.of(System.getenv()));
        int exit = ExitCode.FAILED;
        try {
            exit = run(args, console, interruption);
            results.flush();
            System.out.flush();
            System.err.flush();
        } finally {
            // Whoever stops the process waits for this, even if a failure could not be reported.
            interruption.finished(exit);
        }
        System.exit(exit);
    }

    /**
     * Runs one command in this process. Models are paths: no environment is read.
     *
     * @param out gets results
     * @param err gets progress, warnings and errors
     * @return the exit code: 0 done, 1 failed, 2 wrong usage, 3 bad input, 130 interrupted
     */
    public static int run(String[] args, PrintStream out, PrintStream err) {
        return run(args, new Console(out, err, Terminal.NONE), new Interruption());
    }

    static int run(String[] args, Console console, Interruption interruption) {
        List<String> words = Arrays.asList(args);
        FailureReport report =
                new FailureReport(console, words.contains("--json"), words.contains("--debug"));
        int exit = run(args, console, interruption, report);
        return exit == ExitCode.DONE && console.outputLost() ? report.outputLost() : exit;
    }

    /** What the shell has not expanded: {@code "~/model"} in quotes, {@code --option=~/model}. */
    private static String withHome(String word) {
        int value = word.startsWith("--") ? word.indexOf('=') + 1 : 0;
        return word.substring(0, value) + WrittenPath.expanded(word.substring(value));
    }

    private static int run(
            String[] words, Console console, Interruption interruption, FailureReport report) {
        String[] args = Arrays.stream(words).map(Main::withHome).toArray(String[]::new);
        if (args.length == 1 && (args[0].equals("--version") || args[0].equals("-V"))) {
            console.print(Version.line());
            return ExitCode.DONE;
        }
        if (args.length > 0 && MERGING.contains(args[0])) {
            JitWarmup.beginWithLibraries();
        }
        CommandLine commands = Commands.of(console, interruption, args);
        commands.setParameterExceptionHandler((e, unused) -> report.usage(e));
        commands.setExecutionExceptionHandler((e, command, parsed) -> report.failure(e, command));
        try {
            return commands.execute(args);
        } catch (Error e) {
            // Memory, a broken plug-in, a missing class: the parser hands on exceptions only.
            return report.failure(e, commands);
        }
    }
}
