package io.amalgam.internal.formats.gguf;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/** The tokenizer of a model that is a GGUF file itself: its keys, unchanged. */
record CopiedTokenizer(Map<String, GgufValue> values) {
    static Optional<CopiedTokenizer> of(TokenizerFiles files) {
        Optional<Path> file = files.gguf();
        if (file.isEmpty()) {
            return Optional.empty();
        }
        try (GgufFile gguf = GgufFile.open(file.get())) {
            Map<String, GgufValue> keys = new LinkedHashMap<>();
            gguf.metadata()
                    .values()
                    .forEach(
                            (key, value) -> {
                                if (key.startsWith("tokenizer.")) {
                                    keys.put(key, value);
                                }
                            });
            return Optional.of(new CopiedTokenizer(keys));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
