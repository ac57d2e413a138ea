package io.amalgam.internal.runs;

import io.amalgam.engine.Cancellation;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * A program that scores a model: its argument is the model's path, its last line of output the
 * score. Started without a shell.
 *
 * @param words of the command; {@code {}} stands for the path, which comes last where there is none
 */
public record ScoreCommand(List<String> words, long timeoutSeconds) {
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
     * The score of a model.
     *
     * @throws io.amalgam.error.BadInputException if the command cannot be started, fails, takes too
     *     long or prints no number
     */
    public double score(Path model, Cancellation cancellation) throws IOException {
        try (ScoreProcess process = start(model)) {
            process.await(cancellation);
            return process.score(cancellation);
        }
    }

    /**
     * Starts it; who asks closes it.
     *
     * @throws ScoreProcess.NotStarted if it cannot be started
     */
    ScoreProcess start(Path model) throws IOException {
        return ScoreProcess.start(this, model);
    }
}
