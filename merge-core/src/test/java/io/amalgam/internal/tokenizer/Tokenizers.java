package io.amalgam.internal.tokenizer;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Tokenizer files for tests, written with apostrophes for quotes. */
final class Tokenizers {
    private Tokenizers() {}

    /** A BPE tokenizer with the tokens {@code a, b, ab} and what is given beside them. */
    static final String BPE =
            """
            {'version': '1.0', 'added_tokens': [
               {'id': 0, 'content': '<s>', 'special': true, 'normalized': false}],
             'normalizer': null, 'model': {'type': 'BPE', 'vocab':
               {'<s>': 0, 'a': 1, 'b': 2, 'ab': 3, 'abb': 4}, 'merges': ['a b', ['ab', 'b']]}}
            """;

    static Path write(Path folder, String name, String json) throws IOException {
        Path file = Files.createDirectories(folder).resolve(name);
        Files.writeString(file, json.replace('\'', '"'));
        return file;
    }

    static TokenizerVocabulary read(Path folder, String name, String json) throws IOException {
        return TokenizerVocabulary.read(write(folder, name, json));
    }
}
