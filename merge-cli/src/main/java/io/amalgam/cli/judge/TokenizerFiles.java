package io.amalgam.cli.judge;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.zip.CRC32C;

/**
 * What a tokenizer is read from, to tell one from another.
 *
 * @param checksums by the names of its files
 */
record TokenizerFiles(Map<String, Long> checksums) {
    private static final List<String> NAMES =
            List.of("tokenizer.json", "tokenizer_config.json", "tokenizer.model", "vocab.json");

    static TokenizerFiles of(Path home) throws IOException {
        Map<String, Long> checksums = new TreeMap<>();
        for (String name : NAMES) {
            Path file = home.resolve(name);
            if (Files.isRegularFile(file)) {
                CRC32C sum = new CRC32C();
                sum.update(Files.readAllBytes(file));
                checksums.put(name, sum.getValue());
            }
        }
        if (checksums.isEmpty()) {
            // A single file: its own identity.
            checksums.put(home.toAbsolutePath().toString(), 0L);
        }
        return new TokenizerFiles(checksums);
    }
}
