package io.amalgam.internal.formats.gguf;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class HeldTokenizerTest {
    private final Map<String, GgufValue> keys = new LinkedHashMap<>();

    private HeldTokenizerTest key(String name, GgufValue value) {
        keys.put("tokenizer.ggml." + name, value);
        return this;
    }

    private HeldTokenizerTest bytePairs(String rule, List<String> tokens, int... kinds) {
        return key("model", new GgufValue.Text("gpt2"))
                .key("pre", new GgufValue.Text(rule))
                .key("tokens", new GgufValue.Texts(tokens))
                .key("token_type", GgufValue.Numbers.ofInts(kinds))
                .key("merges", new GgufValue.Texts(List.of("a b")));
    }

    private String unfit() {
        return HeldTokenizer.unfit(new GgufMetadata(keys)).orElse("");
    }

    private ObjectNode json() {
        return TokenizerJson.of(HeldTokenizer.of(new GgufMetadata(keys)).orElseThrow());
    }

    @Test
    void whatCannotBeWrittenIsNamed() {
        bytePairs("own-rule", List.of("a", "b", "ab"), 1, 1, 1);
        assertThat(unfit()).isEqualTo("the rule 'own-rule' that splits text is not known");
        keys.remove("tokenizer.ggml.pre");
        assertThat(unfit()).isEqualTo("it does not name the rule that splits text");
        keys.remove("tokenizer.ggml.merges");
        assertThat(unfit()).isEqualTo("it has no merges");
        key("model", new GgufValue.Text("llama"));
        assertThat(unfit()).isEqualTo("it has no score for each token");
        key("model", new GgufValue.Text("t5"));
        assertThat(unfit()).isEqualTo("its kind is 't5'");
        key("model", new GgufValue.Text("bert"));
        keys.remove("tokenizer.ggml.tokens");
        assertThat(unfit()).isEqualTo("it has no tokens");
    }

    /** Every name that is found from a tokenizer.json is known the other way round. */
    @Test
    void rulesAreFoundAgain() {
        for (String rule :
                List.of(
                        "gpt-2",
                        "smollm",
                        "llama-bpe",
                        "qwen2",
                        "qwen35",
                        "gpt-4o",
                        "tekken",
                        "deepseek-v3")) {
            bytePairs(rule, List.of("a", "b", "ab"), 1, 1, 1);
            assertThat(SplittingRule.of(json())).contains(rule);
        }
    }

    /**
     * Text that is not split at all: no rule of llama.cpp does that, and single bytes need none.
     */
    @Test
    void singleBytesNeedNoRule() {
        bytePairs("gpt-2", List.of("a", "b", "ab"), 1, 1, 1);
        ObjectNode unsplit = json();
        unsplit.set("pre_tokenizer", SplittingRule.byteLevel(false));
        assertThat(SplittingRule.of(unsplit)).isEmpty();
        ObjectNode model = (ObjectNode) unsplit.path("model");
        model.putArray("merges");
        assertThat(SplittingRule.of(unsplit)).contains("gpt-2");
        model.put("ignore_merges", true);
        assertThat(SplittingRule.of(unsplit)).isEmpty();
    }

    @Test
    void paddingIsNoToken() {
        bytePairs("gpt-2", List.of("a", "b", "ab", "<e>", "[PAD4]"), 1, 1, 1, 3, 5);
        JsonNode json = json();
        assertThat(json.at("/model/vocab")).hasSize(3);
        assertThat(json.path("added_tokens")).hasSize(1);
        assertThat(json.at("/added_tokens/0/special").asBoolean()).isTrue();
    }

    /** Libraries number added tokens one after the other, unless the vocabulary has them. */
    @Test
    void addedTokensKeepTheirNumbers() {
        bytePairs("gpt-2", List.of("<s>", "a", "b", "ab", "[PAD4]", "<e>"), 3, 1, 1, 1, 5, 3);
        JsonNode vocabulary = json().at("/model/vocab");
        assertThat(vocabulary.path("<s>").asInt(-1)).isZero();
        assertThat(vocabulary.path("<e>").asInt()).isEqualTo(5);
    }

    @Test
    void wordsSayWhetherTheyAreCased() {
        key("model", new GgufValue.Text("bert"))
                .key("tokens", new GgufValue.Texts(List.of("[UNK]", "\u2581word", "s")))
                .key("token_type", GgufValue.Numbers.ofInts(3, 1, 1));
        assertThat(json().at("/normalizer/lowercase").asBoolean()).isTrue();
        assertThat(json().at("/model/vocab").has("##s")).isTrue();
        key("tokens", new GgufValue.Texts(List.of("[UNK]", "\u2581Word", "s")));
        assertThat(json().at("/normalizer/lowercase").asBoolean()).isFalse();
    }

    @Test
    void aWholeTokenizerIsTakenAsItIs() {
        bytePairs("gpt-2", List.of("a"), 1);
        keys.put("tokenizer.huggingface.json", new GgufValue.Text("{}"));
        assertThat(HeldTokenizer.of(new GgufMetadata(keys)).orElseThrow().whole()).contains("{}");
    }
}
