package io.amalgam.internal.runs;

import io.amalgam.engine.Cancellation;
import io.amalgam.engine.MergeCancelledException;
import io.amalgam.error.BadInputException;
import io.amalgam.error.Problem;
import java.io.Closeable;
import java.io.File;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** A score command at work on a model. Closing it ends it, with all that it started. */
public final class ScoreProcess implements Closeable {
    private static final long POLL_MILLIS = 100;

    private final ScoreCommand command;
    private final Path model;
    private final Path output;
    private final Process process;
    private final long begin = System.nanoTime();

    private ScoreProcess(ScoreCommand command, Path model, Path output, Process process) {
        this.command = command;
        this.model = model;
        this.output = output;
        this.process = process;
    }

    /** The command itself is wrong, whatever the model is. */
    public static final class NotStarted extends BadInputException {
        private static final long serialVersionUID = 1;

        NotStarted(Problem problem, Throwable cause) {
            super(problem, cause);
        }
    }

    static ScoreProcess start(ScoreCommand command, Path model) throws IOException {
        List<String> words =
                command.words().stream().map(w -> w.replace("{}", model.toString())).toList();
        Path output = Files.createTempFile("amalgam-score", ".txt");
        try {
            Process process =
                    new ProcessBuilder(words)
                            .redirectInput(ProcessBuilder.Redirect.from(nothing()))
                            .redirectOutput(output.toFile())
                            .redirectError(ProcessBuilder.Redirect.INHERIT)
                            .start();
            return new ScoreProcess(command, model, output, process);
        } catch (IOException e) {
            Files.deleteIfExists(output);
            throw new NotStarted(
                    Problem.expected(
                                    "score command '" + words.get(0) + "'",
                                    "a program",
                                    "none that can be started")
                            .hint("give its path; a shell's words need sh -c '...'"),
                    e);
        }
    }

    private static File nothing() {
        boolean windows = File.separatorChar == '\\';
        return new File(windows ? "NUL" : "/dev/null");
    }

    /** Waits for its end. */
    void await(Cancellation cancellation) throws InterruptedIOException {
        while (!isDone(POLL_MILLIS)) {
            if (cancellation.isRequested()) {
                throw new MergeCancelledException();
            }
        }
    }

    /**
     * Whether it has ended, after waiting for so long.
     *
     * @throws BadInputException if it takes longer than it may
     */
    boolean isDone(long millis) throws InterruptedIOException {
        try {
            if (process.waitFor(millis, TimeUnit.MILLISECONDS)) {
                return true;
            }
        } catch (InterruptedException e) {
            throw new InterruptedIOException();
        }
        long limit = command.timeoutSeconds();
        if (System.nanoTime() - begin > TimeUnit.SECONDS.toNanos(limit)) {
            throw failed("an answer within " + limit + " s", "none");
        }
        return false;
    }

    /** The number on its last line, once it has ended. */
    double score() throws IOException {
        String last = lastLine();
        if (process.exitValue() != 0) {
            throw failed(
                    "exit code 0",
                    process.exitValue() + (last.isEmpty() ? "" : " after '" + last + "'"));
        }
        try {
            double score = Double.parseDouble(last);
            if (Double.isFinite(score)) {
                return score;
            }
        } catch (NumberFormatException e) {
            // Said below.
        }
        throw failed("a number on its last line", last.isEmpty() ? "nothing" : "'" + last + "'");
    }

    private String lastLine() throws IOException {
        String text = new String(Files.readAllBytes(output), StandardCharsets.UTF_8).strip();
        return text.substring(text.lastIndexOf('\n') + 1).strip();
    }

    private BadInputException failed(String expected, String found) {
        return new BadInputException(
                Problem.expected(
                        "score command '" + command.words().get(0) + "' for '" + model + "'",
                        expected,
                        found));
    }

    @Override
    public void close() throws IOException {
        process.descendants().forEach(ProcessHandle::destroyForcibly);
        process.destroyForcibly();
        Files.deleteIfExists(output);
    }
}
