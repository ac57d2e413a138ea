package io.amalgam.internal.formats.gguf;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.amalgam.internal.io.FileWrites;
import java.io.Closeable;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The tokenizer of a GGUF file as the files of a Hugging Face model, in a temporary folder that is
 * made when someone asks for it. Thread-safe.
 */
final class TokenizerFolder implements Closeable {
    private static final String TOKENIZER = "tokenizer.json";
    private static final String SETTINGS = "tokenizer_config.json";

    /** The files in the folder. */
    static final List<Path> FILES = List.of(Path.of(TOKENIZER), Path.of(SETTINGS));

    private final Path file;
    private @Nullable GgufMetadata keys;
    private @Nullable Path folder;

    /**
     * @param file that holds the tokenizer
     */
    TokenizerFolder(Path file) {
        this.file = file;
    }

    /** The file that holds the tokenizer. */
    Path file() {
        return file;
    }

    /** Why it cannot be written as tokenizer.json; empty if it can. */
    synchronized Optional<String> unfit() {
        return HeldTokenizer.unfit(keys());
    }

    /** With the vocabulary, which an open model does not keep. */
    private GgufMetadata keys() {
        if (keys == null) {
            try (GgufFile whole = GgufFile.open(file)) {
                keys = whole.metadata();
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
        return keys;
    }

    synchronized Path path() {
        if (folder == null) {
            try {
                folder = written();
                keys = null;
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
        return folder;
    }

    private Path written() throws IOException {
        ObjectMapper json = new ObjectMapper();
        HeldTokenizer tokenizer = HeldTokenizer.of(keys()).orElseThrow();
        Path made = Files.createTempDirectory("amalgam-tokenizer");
        try {
            byte[] content =
                    tokenizer.whole().isPresent()
                            ? tokenizer.whole().get().getBytes(StandardCharsets.UTF_8)
                            : json.writeValueAsBytes(TokenizerJson.of(tokenizer));
            Files.write(made.resolve(TOKENIZER), content);
            Files.write(
                    made.resolve(SETTINGS),
                    json.writerWithDefaultPrettyPrinter()
                            .writeValueAsBytes(TokenizerSettings.of(tokenizer)));
            return made;
        } catch (IOException | RuntimeException e) {
            FileWrites.deleteTree(made);
            throw e;
        }
    }

    /** Removes the folder. */
    @Override
    public synchronized void close() throws IOException {
        if (folder != null) {
            FileWrites.deleteTree(folder);
            folder = null;
        }
    }
}
