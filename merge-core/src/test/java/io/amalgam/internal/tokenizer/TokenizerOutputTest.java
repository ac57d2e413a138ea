package io.amalgam.internal.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.amalgam.checkpoint.OutputLayout.SmallFile;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TokenizerOutputTest {
    private static final int ALL = Integer.MAX_VALUE;

    @TempDir Path folder;

    private MergedVocabulary vocabulary(String json, int limit, String... tokens)
            throws IOException {
        MergedVocabulary vocabulary =
                new MergedVocabulary(
                        Tokenizers.read(folder, TokenizerVocabulary.NAME, json), limit);
        List.of(tokens).forEach(vocabulary::append);
        return vocabulary;
    }

    private TokenizerOutput output(MergedVocabulary vocabulary) throws IOException {
        return TokenizerOutput.of(folder, Optional.of(vocabulary), Optional.empty());
    }

    private static Map<String, String> texts(TokenizerOutput output) {
        return output.made().stream()
                .collect(
                        Collectors.toMap(
                                SmallFile::name,
                                file -> new String(file.content(), StandardCharsets.UTF_8)));
    }

    private static JsonNode json(TokenizerOutput output, String name) throws IOException {
        return new ObjectMapper().readTree(texts(output).get(name));
    }

    private static JsonNode json(String text) throws IOException {
        return new ObjectMapper().readTree(text.replace('\'', '"'));
    }

    @Test
    void nothingChanges() throws IOException {
        assertThat(output(vocabulary(Tokenizers.BPE, ALL)).made()).isEmpty();
    }

    @Test
    void addedTokensAreAllThatIsNew() throws IOException {
        TokenizerOutput output = output(vocabulary(Tokenizers.BPE, ALL, "<x>"));
        assertThat(texts(output)).containsOnlyKeys(TokenizerVocabulary.NAME);
        JsonNode edited = json(output, TokenizerVocabulary.NAME);
        assertThat(edited.path("model")).isEqualTo(json(Tokenizers.BPE).path("model"));
        assertThat(edited.path("added_tokens").path(1))
                .isEqualTo(
                        json(
                                "{'id': 5, 'content': '<x>', 'single_word': false, 'lstrip': false,"
                                        + " 'rstrip': false, 'normalized': true, 'special': false}"));
        assertThat(edited.path("version").asText()).isEqualTo("1.0");
        assertThat(output.replaces(Path.of(TokenizerVocabulary.NAME))).isTrue();
        assertThat(output.replaces(Path.of("vocab.json"))).isFalse();
    }

    @Test
    void removedTokensTakeTheirMergesAlong() throws IOException {
        TokenizerOutput output = output(vocabulary(Tokenizers.BPE, 4));
        JsonNode model = json(output, TokenizerVocabulary.NAME).path("model");
        assertThat(model)
                .isEqualTo(
                        json(
                                "{'type': 'BPE', 'vocab': {'<s>': 0, 'a': 1, 'b': 2, 'ab': 3},"
                                        + " 'merges': ['a b']}"));
        assertThat(output.replaces(Path.of("vocab.json"))).isTrue();
    }

    @Test
    void mergesOfContinuedWords() throws IOException {
        String json =
                "{'model': {'type': 'BPE', 'continuing_subword_prefix': '##', 'vocab': {'a': 0, '##b': 1,"
                        + " 'c': 2, 'ab': 3, 'cb': 4}, 'merges': [['a', '##b'], ['c', '##b']]}}";
        JsonNode model = json(output(vocabulary(json, 4)), TokenizerVocabulary.NAME).path("model");
        assertThat(model.path("merges")).isEqualTo(json("[['a', '##b']]"));
        assertThat(model.path("vocab").has("cb")).isFalse();
    }

    @Test
    void unigramKeepsScoresAndOrder() throws IOException {
        String json =
                "{'model': {'type': 'Unigram', 'unk_id': 0, 'vocab': [['<unk>', 0.0], ['▁a',"
                        + " -12.345678901234567], ['b', -1e-05]]}, 'decoder': {'x': 1.50}}";
        TokenizerOutput cut = output(vocabulary(json, 2, "<x>"));
        assertThat(json(cut, TokenizerVocabulary.NAME).path("model").path("vocab"))
                .isEqualTo(json("[['<unk>', 0.0], ['▁a', -12.345678901234567]]"));
        assertThat(
                        json(cut, TokenizerVocabulary.NAME)
                                .path("added_tokens")
                                .path(0)
                                .path("id")
                                .asInt())
                .isEqualTo(2);
        assertThat(texts(cut).get(TokenizerVocabulary.NAME)).contains("-12.345678901234567", "▁a");
        TokenizerOutput whole = output(vocabulary(json, ALL, "<x>"));
        assertThat(json(whole, TokenizerVocabulary.NAME).path("model"))
                .isEqualTo(json(json).path("model"));
        assertThat(texts(whole).get(TokenizerVocabulary.NAME)).contains("1.50");
    }

    @Test
    void otherFilesAgree() throws IOException {
        Tokenizers.write(folder, "added_tokens.json", "{'abb': 4, '<s>': 0}");
        Tokenizers.write(
                folder,
                "special_tokens_map.json",
                "{'bos_token': '<s>', 'pad_token': {'content': 'abb'}, 'additional_special_tokens': ['abb', '<s>']}");
        Tokenizers.write(
                folder,
                "tokenizer_config.json",
                "{'model_max_length': 1000000000000000019884624838656, 'pad_token': 'abb', 'bos_token': '<s>',"
                        + " 'added_tokens_decoder': {'0': {'content': '<s>'}, '4': {'content': 'abb'}}}");
        TokenizerOutput output = output(vocabulary(Tokenizers.BPE, 4, "<x>"));
        assertThat(json(output, "added_tokens.json")).isEqualTo(json("{'<s>': 0, '<x>': 4}"));
        assertThat(json(output, "special_tokens_map.json"))
                .isEqualTo(json("{'bos_token': '<s>', 'additional_special_tokens': ['<s>']}"));
        JsonNode config = json(output, "tokenizer_config.json");
        assertThat(config.has("pad_token")).isFalse();
        assertThat(config.path("bos_token").asText()).isEqualTo("<s>");
        assertThat(config.path("added_tokens_decoder").path("4").path("content").asText())
                .isEqualTo("<x>");
        assertThat(config.path("added_tokens_decoder").size()).isEqualTo(2);
        assertThat(texts(output).get("tokenizer_config.json"))
                .contains("1000000000000000019884624838656");
        assertThat(output.lostRoles()).containsExactly("pad_token 'abb'");
    }

    @Test
    void templates() throws IOException {
        Tokenizers.write(folder, "tokenizer_config.json", "{'chat_template': 'old', 'x': 1}");
        Tokenizers.write(folder, "chat_template.json", "{'chat_template': 'old'}");
        TokenizerOutput output =
                TokenizerOutput.of(folder, Optional.empty(), Optional.of("{{ new }}"));
        assertThat(texts(output))
                .containsOnlyKeys(
                        "tokenizer_config.json", "chat_template.json", "chat_template.jinja")
                .containsEntry("chat_template.jinja", "{{ new }}");
        assertThat(json(output, "tokenizer_config.json"))
                .isEqualTo(json("{'chat_template': '{{ new }}', 'x': 1}"));
        assertThat(json(output, "chat_template.json"))
                .isEqualTo(json("{'chat_template': '{{ new }}'}"));
        assertThat(Files.readString(folder.resolve("tokenizer_config.json"))).contains("old");
    }
}
