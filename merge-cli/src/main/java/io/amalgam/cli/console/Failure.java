package io.amalgam.cli.console;

import io.amalgam.engine.MergeCancelledException;
import io.amalgam.error.BadInputException;
import io.amalgam.error.Problem;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.ServiceConfigurationError;

/**
 * A failure in the user's terms, with its exit code.
 *
 * @param warnings what was found beside it
 */
public record Failure(int exit, List<Problem> problems, List<Problem> warnings) {

    /** Ends a command with a message of its own: whoever reports failures prints it. */
    public static final class Ended extends RuntimeException {
        private static final long serialVersionUID = 1L;

        private final int exit;
        private final transient Problem problem;

        public Ended(int exit, Problem problem, Throwable cause) {
            super(problem.toString(), cause);
            this.exit = exit;
            this.problem = problem;
        }
    }

    private static final String AGAIN = "then give the same command again";
    private static final String RESUMED = "then give the same command with --resume";

    /** By what the system says, in lower case. */
    private static final Map<String, String> ADVICE =
            Map.of(
                    "no space left",
                    "free some space, " + AGAIN,
                    "quota exceeded",
                    "free some space, " + AGAIN,
                    "file too large",
                    "raise the limit ('ulimit -f'), or choose an output on a file system that takes larger files",
                    "read-only file system",
                    "choose an output directory that can be written to",
                    "too many open files",
                    "raise the limit ('ulimit -n')",
                    "operation not permitted",
                    "change its permissions, or run as another user",
                    "input/output error",
                    "check the disk",
                    "file name too long",
                    "choose a shorter name");

    /**
     * @param resumes whether the command has an option to continue
     */
    public static Failure of(Throwable e, boolean resumes) {
        if (e instanceof BadInputException bad) {
            return new Failure(exit(bad.problems()), bad.problems(), bad.warnings());
        }
        if (e instanceof Ended ended) {
            return one(ended.exit, ended.problem);
        }
        if (e instanceof MergeCancelledException) {
            return one(
                    ExitCode.INTERRUPTED,
                    Problem.of("interrupted")
                            .hint(
                                    resumes
                                            ? "give the same command with --resume to continue, or with --overwrite to start again"
                                            : "give the same command again"));
        }
        if (e instanceof UncheckedIOException unchecked) {
            return one(
                    ExitCode.FAILED,
                    storage(Objects.requireNonNull(unchecked.getCause()), resumes));
        }
        if (e instanceof IOException io) {
            return one(ExitCode.FAILED, storage(io, resumes));
        }
        if (e instanceof OutOfMemoryError) {
            return one(ExitCode.FAILED, memory(e));
        }
        if (e instanceof ServiceConfigurationError) {
            return one(
                    ExitCode.FAILED,
                    Problem.of("a plug-in cannot be loaded: " + e.getMessage())
                            .hint("check the jars in AMALGAM_CLASSPATH"));
        }
        String message = e.getMessage() == null ? "" : ": " + e.getMessage();
        return one(
                ExitCode.FAILED,
                Problem.of("unexpected " + e.getClass().getName() + message)
                        .hint("give --debug for the stack trace, and report it"));
    }

    /**
     * Values of options are usage. Input that is as it should be, and no place to write to, is no
     * fault of the input.
     */
    private static int exit(List<Problem> problems) {
        if (problems.stream().allMatch(OptionWords::isOfOption)) {
            return ExitCode.USAGE;
        }
        boolean input =
                problems.stream()
                        .anyMatch(
                                p ->
                                        p.kind() != Problem.Kind.STORAGE
                                                && p.kind() != Problem.Kind.MACHINE);
        return input ? ExitCode.BAD_INPUT : ExitCode.FAILED;
    }

    public static Failure one(int exit, Problem problem) {
        return new Failure(exit, List.of(problem), List.of());
    }

    private static Problem storage(IOException e, boolean resumes) {
        if (e instanceof NoSuchFileException missing) {
            return Problem.of("no such file '" + missing.getFile() + "'").hint("check the path");
        }
        if (e instanceof AccessDeniedException denied) {
            return Problem.of("no permission for '" + denied.getFile() + "'")
                    .hint("change its permissions, or run as another user");
        }
        if (e instanceof NotDirectoryException wrong) {
            return Problem.expected("'" + wrong.getFile() + "'", "a directory", "a file");
        }
        if (e instanceof FileAlreadyExistsException there) {
            return Problem.expected(
                    "'" + there.getFile() + "'", "a directory or nothing", "a file");
        }
        String reason = reason(e);
        Problem problem = Problem.of(reason);
        if (e instanceof FileSystemException file && file.getFile() != null) {
            problem = Problem.of("'" + file.getFile() + "': " + reason);
        }
        String advice = advice(reason);
        return problem.hint(resumes ? advice.replace(AGAIN, RESUMED) : advice);
    }

    /** What to do about a reason of the system's. */
    private static String advice(String reason) {
        for (Map.Entry<String, String> known : ADVICE.entrySet()) {
            if (reason.contains(known.getKey())) {
                return known.getValue();
            }
        }
        return "";
    }

    private static String reason(IOException e) {
        String text = e instanceof FileSystemException file ? file.getReason() : e.getMessage();
        if (text == null || text.isBlank()) {
            return "reading or writing failed: " + e.getClass().getSimpleName();
        }
        // Messages of the system begin with a capital letter, paths and names are quoted.
        return text.substring(0, 1).toLowerCase(Locale.ROOT) + text.substring(1);
    }

    private static Problem memory(Throwable e) {
        long heap = Runtime.getRuntime().maxMemory();
        return Problem.of(
                        "out of memory: "
                                + e.getMessage()
                                + ", with a heap of "
                                + Quantity.bytes(heap))
                .hint(
                        "set AMALGAM_JAVA_OPTS=-Xmx"
                                + larger(heap)
                                + "g for more heap"
                                + (inEngine(e) ? ", or use fewer threads (-j)" : ""));
    }

    /** Twice the heap, in whole GiB. */
    private static long larger(long heap) {
        return (2 * (heap >> 20) + 1023) >> 10;
    }

    /** Threads hold what is merged; what is planned is the same for any number of them. */
    private static boolean inEngine(Throwable e) {
        return Arrays.stream(e.getStackTrace())
                .anyMatch(frame -> frame.getClassName().startsWith("io.amalgam.internal.engine."));
    }
}
