package io.amalgam.internal.runs;

import io.amalgam.engine.Cancellation;
import io.amalgam.engine.MergeCancelledException;
import io.amalgam.error.BadInputException;
import io.amalgam.error.Problem;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * A program that scores a model: its argument is the model's path, its last line of output the
 * score. Started without a shell.
 *
 * @param words of the command; {@code {}} stands for the path, which comes last where there is none
 */
public record ScoreCommand(List<String> words, long timeoutSeconds) {
    private static final long POLL_MILLIS = 100;

    public ScoreCommand {
        words = List.copyOf(words);
    }

    /**
     * Reads a command line of words. Quotes keep what is between them together, at the start of a
     * word or within it; there are no escapes, so that paths of Windows are what they are.
     *
     * @throws IllegalArgumentException with what is wrong with it
     */
    public static ScoreCommand parse(String line, long timeoutSeconds) {
        List<String> words = new ArrayList<>();
        StringBuilder word = new StringBuilder();
        boolean begun = false;
        char quote = 0;
        for (int i = 0; i < line.length(); i++) {
            char c = line.charAt(i);
            if (c == quote) {
                quote = 0;
            } else if (quote != 0 || !(c == '"' || c == '\'' || Character.isWhitespace(c))) {
                word.append(c);
                begun = true;
            } else if (Character.isWhitespace(c)) {
                if (begun) {
                    words.add(word.toString());
                }
                word.setLength(0);
                begun = false;
            } else {
                quote = c;
                begun = true;
            }
        }
        if (quote != 0) {
            throw new IllegalArgumentException(
                    "expected " + quote + " at the end of what it opens, got none");
        }
        if (begun) {
            words.add(word.toString());
        }
        if (words.isEmpty() || words.get(0).isEmpty()) {
            throw new IllegalArgumentException("expected a program, got '" + line + "'");
        }
        if (words.stream().noneMatch(w -> w.contains("{}"))) {
            words.add("{}");
        }
        return new ScoreCommand(words, timeoutSeconds);
    }

    /**
     * The score of a model; higher is better.
     *
     * @throws BadInputException if the command cannot be started, fails, takes too long or prints
     *     no number
     */
    public double score(Path model, Cancellation cancellation) throws IOException {
        List<String> command = words.stream().map(w -> w.replace("{}", model.toString())).toList();
        Path output = Files.createTempFile("amalgam-score", ".txt");
        try {
            Process process = start(command, output);
            try {
                await(process, model, cancellation);
            } finally {
                process.descendants().forEach(ProcessHandle::destroyForcibly);
                process.destroyForcibly();
            }
            String last = lastLine(output);
            if (process.exitValue() != 0) {
                throw failed(
                        model,
                        "exit code 0",
                        process.exitValue() + (last.isEmpty() ? "" : " after '" + last + "'"));
            }
            return number(last, model);
        } finally {
            Files.deleteIfExists(output);
        }
    }

    private Process start(List<String> command, Path output) {
        try {
            return new ProcessBuilder(command)
                    .redirectInput(ProcessBuilder.Redirect.from(nothing()))
                    .redirectOutput(output.toFile())
                    .redirectError(ProcessBuilder.Redirect.INHERIT)
                    .start();
        } catch (IOException e) {
            throw new BadInputException(
                    Problem.expected(
                                    "score command '" + command.get(0) + "'",
                                    "a program",
                                    "none that can be started")
                            .hint("give its path; a shell's words need sh -c '...'"),
                    e);
        }
    }

    private static java.io.File nothing() {
        boolean windows = java.io.File.separatorChar == '\\';
        return new java.io.File(windows ? "NUL" : "/dev/null");
    }

    private void await(Process process, Path model, Cancellation cancellation)
            throws InterruptedIOException {
        long begin = System.nanoTime();
        try {
            while (!process.waitFor(POLL_MILLIS, TimeUnit.MILLISECONDS)) {
                if (cancellation.isRequested()) {
                    throw new MergeCancelledException();
                }
                if (System.nanoTime() - begin > TimeUnit.SECONDS.toNanos(timeoutSeconds)) {
                    throw failed(model, "an answer within " + timeoutSeconds + " s", "none");
                }
            }
        } catch (InterruptedException e) {
            throw new InterruptedIOException();
        }
    }

    private static String lastLine(Path output) throws IOException {
        String text = new String(Files.readAllBytes(output), StandardCharsets.UTF_8).strip();
        return text.substring(text.lastIndexOf('\n') + 1).strip();
    }

    private double number(String last, Path model) {
        try {
            double score = Double.parseDouble(last);
            if (Double.isFinite(score)) {
                return score;
            }
        } catch (NumberFormatException e) {
            // Said below.
        }
        throw failed(
                model, "a number on its last line", last.isEmpty() ? "nothing" : "'" + last + "'");
    }

    private BadInputException failed(Path model, String expected, String found) {
        return new BadInputException(
                Problem.expected(
                        "score command '" + words.get(0) + "' for '" + model + "'",
                        expected,
                        found));
    }
}
