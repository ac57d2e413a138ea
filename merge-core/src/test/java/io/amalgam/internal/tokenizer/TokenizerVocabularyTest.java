package io.amalgam.internal.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.amalgam.error.BadInputException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TokenizerVocabularyTest {
    @TempDir Path folder;

    @Test
    void mappings() throws IOException {
        TokenizerVocabulary bpe = Tokenizers.read(folder, "t", Tokenizers.BPE);
        assertThat(bpe.ids())
                .containsEntry("<s>", 0)
                .containsEntry("abb", 4)
                .hasSize(5)
                .isEqualTo(bpe.model());
        assertThat(bpe.added())
                .containsExactly(new AddedToken(0, "<s>", false, false, false, false, true));
    }

    @Test
    void lists() throws IOException {
        TokenizerVocabulary unigram =
                Tokenizers.read(
                        folder,
                        "t",
                        "{'model': {'type': 'Unigram', 'unk_id': 0, 'vocab': [['<unk>', 0.0], ['▁a', -1.5]]},"
                                + " 'added_tokens': [{'id': 2, 'content': '<x>'}]}");
        assertThat(unigram.ids()).containsEntry("<unk>", 0).containsEntry("▁a", 1);
        assertThat(unigram.ids()).containsEntry("<x>", 2).hasSize(3);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '"',
            textBlock =
                    """
                    {'model': {'vocab': {}}} | tokenizer: expected a vocabulary under 'model', got none
                    {'added_tokens': []}     | tokenizer: expected a vocabulary under 'model', got none
                    [1]                      | tokenizer: expected a JSON object, got something else
                    {'model': {'vocab': {'a': 0, 'b': 0}}} | tokens 'a' and 'b' have the same id, 0
                    {'model': {'vocab': {'a': 0, 'a': 1}}} | token 'a' is in the vocabulary twice
                    {'model': {'vocab': {'a': 'x'}}}       | id of token 'a': expected a whole number from 0 to 16777215, got "x"
                    {'model': {'vocab': {'a': -1}}}        | id of token 'a': expected a whole number from 0 to 16777215, got -1
                    {'model': {'vocab': {'a': 99999999}}}  | id of token 'a': expected a whole number from 0 to 16777215, got 99999999
                    {'model': {'vocab': [['a']]}, 'added_tokens': [{'id': 0, 'content': '<s>'}]} | tokens 'a' and '<s>' have the same id, 0
                    {'model': {'vocab': {'a': 0}}, 'added_tokens': [{'id': 4, 'content': 'a'}]}  | token 'a' has two ids, 0 and 4
                    {'model': {'vocab': {'a': 0}}, 'added_tokens': [{'id': 1, 'content': 'b'}, {'id': 1, 'content': 'c'}]} | tokens 'b' and 'c' have the same id, 1
                    {'model': {'vocab': {'a': 0}}, 'added_tokens': [{'content': 'b'}]} | id of token 'b': expected a whole number from 0 to 16777215, got nothing
                    {'model': {'vocab': {'a': 0}}, 'added_tokens': [3]}  | item of 'added_tokens': expected an object with 'id' and 'content', got 3
                    {'model': {'vocab': [['a', 0], 3]}}    | item 1 of the vocabulary: expected [token, score], got 3
                    {'model': {'vocab': {'a': 0}           | not valid JSON: unexpected end-of-input
                    """)
    void refused(String json, String message) throws IOException {
        Path file = Tokenizers.write(folder, "bad.json", json);
        assertThatThrownBy(() -> TokenizerVocabulary.read(file))
                .isInstanceOf(BadInputException.class)
                .hasMessageStartingWith(message)
                .hasMessageContaining("bad.json");
    }

    @Test
    void noFile() {
        assertThatThrownBy(() -> TokenizerVocabulary.read(folder))
                .isInstanceOf(BadInputException.class)
                .hasMessageContaining("expected a readable file");
    }

    @Test
    void bytesThatAreNoText() throws IOException {
        Path file = folder.resolve("t");
        Files.write(file, "{\"\u00ff\": 1}".getBytes(StandardCharsets.ISO_8859_1));
        assertThatThrownBy(() -> TokenizerVocabulary.read(file))
                .isInstanceOf(BadInputException.class)
                .hasMessageContaining("not valid JSON");
    }
}
