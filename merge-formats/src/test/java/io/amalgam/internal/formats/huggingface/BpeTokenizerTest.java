package io.amalgam.internal.formats.huggingface;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.amalgam.error.BadInputException;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Against Hugging Face's tokenizers: see the folder's README. */
class BpeTokenizerTest {
    @TempDir Path temp;

    private static Path folder(String name) {
        try {
            return Path.of(
                    Objects.requireNonNull(
                                    BpeTokenizerTest.class.getResource("/tokenizers/" + name))
                            .toURI());
        } catch (URISyntaxException e) {
            throw new IllegalStateException(e);
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"llama2", "llama3", "qwen2", "gpt2", "metaspace-first", "metaspace-always"})
    void encodesAsTheOriginal(String name) throws IOException {
        BpeTokenizer tokenizer = BpeTokenizer.read(folder(name));
        JsonNode cases = new ObjectMapper().readTree(folder(name).resolve("cases.json").toFile());
        assertThat(cases).hasSizeGreaterThan(15);
        for (JsonNode each : cases) {
            int[] expected =
                    StreamSupport.stream(each.path(1).spliterator(), false)
                            .mapToInt(JsonNode::asInt)
                            .toArray();
            assertThat(tokenizer.encode(each.path(0).asText()))
                    .as(each.path(0).toString())
                    .isEqualTo(expected);
        }
    }

    @Test
    void promptsBeginAsTextsDo() throws IOException {
        BpeTokenizer tokenizer = BpeTokenizer.read(folder("llama3"));
        assertThat(tokenizer.encodePrompt("sum")).isEqualTo(tokenizer.encode("<s>sum"));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "{\"model\": {\"type\": \"Unigram\"}} | model: expected one this version can follow, got 'Unigram'",
                "{\"model\": {\"type\": \"BPE\", \"end_of_word_suffix\": \"</w>\"}} | 'end_of_word_suffix': expected one this version can follow, got '\"</w>\"'",
                "{\"normalizer\": {\"type\": \"BertNormalizer\"}} | normalizer: expected one this version can follow, got 'BertNormalizer'",
                "{\"pre_tokenizer\": {\"type\": \"UnicodeScripts\"}} | pre_tokenizer: expected one this version can follow, got 'UnicodeScripts'"
            })
    void whatIsNotKnownIsRefused(String json, String message) throws IOException {
        Files.writeString(temp.resolve("tokenizer.json"), json);
        assertThatThrownBy(() -> BpeTokenizer.read(temp))
                .isInstanceOf(BadInputException.class)
                .hasMessage(
                        message
                                + " ('"
                                + temp.resolve("tokenizer.json")
                                + "'); choose gates that need no prompts");
    }
}
