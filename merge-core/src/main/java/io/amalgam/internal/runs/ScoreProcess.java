package io.amalgam.internal.runs;

import io.amalgam.engine.Cancellation;
import io.amalgam.engine.MergeCancelledException;
import io.amalgam.error.BadInputException;
import io.amalgam.error.Problem;
import java.io.Closeable;
import java.io.File;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** A score command at work on a model. Closing it ends it, with all that it started. */
public final class ScoreProcess implements Closeable {
    private static final long POLL_MILLIS = 100;

    /** Of what it prints, all that is read: a last line is shorter. */
    private static final int END_BYTES = 4096;

    /** Characters of a last line that a message has. */
    private static final int SHOWN = 200;

    /** Exit codes from here on are those of programs that a signal ended. */
    private static final int SIGNALS = 128;

    /** By then this process has heard of a Ctrl-C too. */
    private static final long SIGNAL_MILLIS = 1000;

    private final ScoreCommand command;
    private final Path model;
    private final Path output;
    private final Process process;
    private final long begin = System.nanoTime();

    /** Variables that the launcher sets for this program alone, with colons between them. */
    private static final String OWN_VARIABLES = "amalgam.launcher.variables";

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
            ProcessBuilder builder =
                    new ProcessBuilder(words)
                            .redirectInput(ProcessBuilder.Redirect.from(nothing()))
                            .redirectOutput(output.toFile())
                            .redirectError(ProcessBuilder.Redirect.INHERIT);
            for (String name : System.getProperty(OWN_VARIABLES, "").split(":", -1)) {
                builder.environment().remove(name);
            }
            return new ScoreProcess(command, model, output, builder.start());
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

    /**
     * The number on its last line, once it has ended.
     *
     * @throws MergeCancelledException if it was ended by the signal that asks this process to stop
     *     too, as a Ctrl-C does: that says nothing of the model
     */
    double score(Cancellation cancellation) throws IOException {
        String last = lastLine();
        if (process.exitValue() != 0) {
            awaitSignal(cancellation);
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

    private void awaitSignal(Cancellation cancellation) throws InterruptedIOException {
        long end = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(SIGNAL_MILLIS);
        try {
            while (process.exitValue() > SIGNALS
                    && !cancellation.isRequested()
                    && System.nanoTime() < end) {
                TimeUnit.MILLISECONDS.sleep(POLL_MILLIS / 10);
            }
        } catch (InterruptedException e) {
            throw new InterruptedIOException();
        }
        cancellation.throwIfRequested();
    }

    private String lastLine() throws IOException {
        try (RandomAccessFile file = new RandomAccessFile(output.toFile(), "r")) {
            byte[] end = new byte[(int) Math.min(END_BYTES, file.length())];
            file.seek(file.length() - end.length);
            file.readFully(end);
            String text = new String(end, StandardCharsets.UTF_8).strip();
            String line = text.substring(text.lastIndexOf('\n') + 1).strip();
            return line.length() <= SHOWN ? line : line.substring(0, SHOWN) + "...";
        }
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
