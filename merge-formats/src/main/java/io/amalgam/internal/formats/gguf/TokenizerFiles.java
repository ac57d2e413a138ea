package io.amalgam.internal.formats.gguf;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.MissingNode;
import io.amalgam.checkpoint.OutputFormat.OutputModel;
import io.amalgam.checkpoint.OutputLayout.SmallFile;
import io.amalgam.error.BadInputException;
import io.amalgam.error.Problem;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/** The files of a model's tokenizer: those a merge makes, and those it copies. */
final class TokenizerFiles {
    private static final ObjectMapper JSON = new ObjectMapper();

    private final OutputModel model;
    private final Map<String, byte[]> made = new HashMap<>();

    TokenizerFiles(OutputModel model) {
        this.model = model;
        for (SmallFile file : model.made()) {
            made.put(file.name().substring(file.name().lastIndexOf('/') + 1), file.content());
        }
    }

    /** Where they are, for messages. */
    String place() {
        return model.tokenizer().map(Path::toString).orElse("the model");
    }

    /** The GGUF file that holds the tokenizer, where the donor is one. */
    Optional<Path> gguf() {
        return model.tokenizer().filter(path -> made.isEmpty() && Files.isRegularFile(path));
    }

    Optional<byte[]> bytes(String name) {
        byte[] content = made.get(name);
        if (content != null) {
            return Optional.of(content);
        }
        Path file = model.copied().get(name);
        try {
            return file == null ? Optional.empty() : Optional.of(Files.readAllBytes(file));
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
            return content.isEmpty() ? MissingNode.getInstance() : JSON.readTree(content.get());
        } catch (IOException e) {
            throw new BadInputException(
                    Problem.expected("'" + name + "'", "JSON", "something else")
                            .at("'" + place() + "'")
                            .hint("get the tokenizer's files again"));
        }
    }
}
