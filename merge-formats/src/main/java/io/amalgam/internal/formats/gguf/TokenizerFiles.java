package io.amalgam.internal.formats.gguf;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.MissingNode;
import io.amalgam.checkpoint.OutputLayout.SmallFile;
import io.amalgam.error.BadInputException;
import io.amalgam.error.Problem;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** The files of a tokenizer: those of a folder, and before them those a merge makes. */
final class TokenizerFiles {
    private static final ObjectMapper JSON = new ObjectMapper();

    private final Optional<Path> folder;
    private final Map<String, byte[]> made = new HashMap<>();

    TokenizerFiles(Optional<Path> folder, List<SmallFile> made) {
        this.folder = folder;
        for (SmallFile file : made) {
            this.made.put(file.name().substring(file.name().lastIndexOf('/') + 1), file.content());
        }
    }

    /** Where they are, for messages. */
    String place() {
        return folder.map(Path::toString).orElse("the model");
    }

    /** The GGUF file that holds the tokenizer, where the donor is one. */
    Optional<Path> gguf() {
        return folder.filter(path -> made.isEmpty() && Files.isRegularFile(path));
    }

    Optional<byte[]> bytes(String name) {
        byte[] content = made.get(name);
        if (content != null) {
            return Optional.of(content);
        }
        Optional<Path> file = folder.map(f -> f.resolve(name)).filter(Files::isRegularFile);
        try {
            return file.isEmpty()
                    ? Optional.empty()
                    : Optional.of(Files.readAllBytes(file.get()));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    Optional<String> text(String name) {
        return bytes(name).map(content -> new String(content, StandardCharsets.UTF_8));
    }

    /** A JSON file; a missing node where it is not there. */
    JsonNode json(String name) {
        Optional<byte[]> content = bytes(name);
        try {
            return content.isEmpty()
                    ? MissingNode.getInstance()
                    : JSON.readTree(content.get());
        } catch (IOException e) {
            throw new BadInputException(
                    Problem.expected("'" + name + "'", "JSON", "something else")
                            .at("'" + place() + "'")
                            .hint("get the tokenizer's files again"));
        }
    }
}
