package io.amalgam.cli.judge;

import io.amalgam.error.BadInputException;
import io.amalgam.error.Problem;
import io.amalgam.internal.evaluate.Domain;
import io.amalgam.internal.formats.tokens.NumpyTokens;
import io.amalgam.internal.formats.tokens.TextTokenizer;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * A text on the command line: a file of UTF-8, or of numbers of tokens if it ends in .npy, with a
 * name in front by choice.
 */
record TextInput(String name, Path file) {
    /** Reads {@code name=file} or {@code file}; a file that exists as it stands is one. */
    static TextInput of(String argument) {
        int equals = argument.indexOf('=');
        if (equals < 1 || Files.exists(Path.of(argument))) {
            return new TextInput(argument, Path.of(argument));
        }
        return new TextInput(
                argument.substring(0, equals), Path.of(argument.substring(equals + 1)));
    }

    /** What is wrong with a list of texts: figures are told apart by names. */
    static Optional<String> complaint(List<String> texts) {
        Set<String> names = new HashSet<>();
        return texts.stream()
                .map(text -> of(text).name())
                .filter(name -> !names.add(name))
                .findFirst()
                .map(
                        name ->
                                "option '--text': expected a name for each text, got '"
                                        + name
                                        + "' twice; give names, as in NAME=FILE");
    }

    boolean isNumbers() {
        return file.toString().endsWith(".npy");
    }

    /** Makes the tokenizer, the first time it is needed. */
    @FunctionalInterface
    interface Tokenizer {
        TextTokenizer get() throws IOException;
    }

    Domain tokens(Tokenizer tokenizer) throws IOException {
        if (!Files.isRegularFile(file)) {
            String other = Files.isDirectory(file) ? "a folder" : "a pipe or device";
            throw new BadInputException(
                    Problem.expected(
                            "text '" + file + "'",
                            "a file",
                            Files.exists(file) ? other : "nothing there"));
        }
        if (isNumbers()) {
            return new Domain(name, NumpyTokens.read(file));
        }
        String text = text();
        return new Domain(name, tokenizer.get().encode(text));
    }

    private String text() throws IOException {
        try {
            return StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(Files.readAllBytes(file)))
                    .toString();
        } catch (CharacterCodingException e) {
            throw new BadInputException(
                    Problem.expected("text '" + file + "'", "UTF-8", "other bytes")
                            .hint("convert it, or give numbers of tokens (.npy)"),
                    e);
        }
    }
}
