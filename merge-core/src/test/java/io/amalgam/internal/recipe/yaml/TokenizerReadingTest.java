package io.amalgam.internal.recipe.yaml;

import static org.assertj.core.api.Assertions.assertThat;

import io.amalgam.recipe.ModelRef;
import io.amalgam.recipe.Recipe;
import io.amalgam.recipe.Recipe.ChatTemplate;
import io.amalgam.recipe.TokenizerSection;
import io.amalgam.recipe.TokenizerSection.TokenRule;
import io.amalgam.recipe.TokenizerSection.TokenRule.Origin;
import io.amalgam.recipe.TokenizerSection.Vocabulary;
import org.junit.jupiter.api.Test;

class TokenizerReadingTest {
    private static final ModelRef A = ModelRef.of("a");

    private static Recipe read(String rest) {
        return RecipeReader.read("merge_method: linear\nmodels: [{model: a}]\n" + rest, "r.yml");
    }

    private static TokenizerSection section(String rest) {
        return read(rest).tokenizer().orElseThrow();
    }

    @Test
    void vocabularies() {
        assertThat(read("").tokenizer()).isEmpty();
        assertThat(read("tokenizer:").tokenizer()).isEmpty();
        assertThat(section("tokenizer: {}").vocabulary()).isEqualTo(new Vocabulary.Union());
        assertThat(section("tokenizer: {source: union}").vocabulary())
                .isEqualTo(new Vocabulary.Union());
        assertThat(section("tokenizer: {source: base}").vocabulary())
                .isEqualTo(new Vocabulary.Base());
        assertThat(section("tokenizer: {source: a}").vocabulary()).isEqualTo(new Vocabulary.Of(A));
        assertThat(section("tokenizer: {source: {model: {path: a}}}").vocabulary())
                .isEqualTo(new Vocabulary.Of(A));
        assertThat(section("tokenizer_source: base").vocabulary()).isEqualTo(new Vocabulary.Base());
        assertThat(section("tokenizer_source: a").vocabulary()).isEqualTo(new Vocabulary.Of(A));
    }

    /** A model that is aligned has its rows in the new order, for every token. */
    @Test
    void aNameMeansTheModelAsItIsMerged() {
        Recipe recipe =
                RecipeReader.read(
                        "merge_method: linear\nmodels: [{model: a}, {model: b}]\nalign: {to: a}\n"
                                + "tokenizer: {source: b, tokens: {x: {source: b}, y: {source: c}}}",
                        "r.yml");
        ModelRef merged = recipe.models().get(1).model();
        TokenizerSection section = recipe.tokenizer().orElseThrow();

        assertThat(merged.alignment()).isPresent();
        assertThat(section.vocabulary()).isEqualTo(new Vocabulary.Of(merged));
        assertThat(section.tokens().get("x").origin()).isEqualTo(new Origin.SameToken(merged));
        assertThat(section.tokens().get("y").origin())
                .isEqualTo(new Origin.SameToken(ModelRef.of("c")));
    }

    @Test
    void padding() {
        assertThat(section("tokenizer: {}").padTo()).isEmpty();
        assertThat(section("tokenizer: {pad_to_multiple_of: 64}").padTo()).contains(64);
    }

    @Test
    void tokens() {
        TokenizerSection section =
                section(
                        """
                        tokenizer:
                          tokens:
                            <|user|>: {source: a, force: yes}
                            '12': {source: {kind: zero}}
                            x: {source: {kind: model_token, model: a, token: 7}}
                            y: {source: {kind: model_token, model: a, token_id: 7}, force: false}
                            z: {source: {model: {path: a}}}
                        """);
        assertThat(section.tokens().keySet()).containsExactly("<|user|>", "12", "x", "y", "z");
        assertThat(section.tokens().values().stream().map(TokenRule::origin))
                .containsExactly(
                        new Origin.SameToken(A),
                        new Origin.Zero(),
                        new Origin.OtherToken(A, "7"),
                        new Origin.Row(A, 7),
                        new Origin.SameToken(A));
        assertThat(section.tokens().values().stream().map(TokenRule::force))
                .containsExactly(true, false, false, false, false);
        assertThat(section.tokens().get("x").location()).hasToString("r.yml:7:5");
    }

    @Test
    void chatTemplates() {
        String literal = "{% for m in messages %}{{ m }}{% endfor %}";
        assertThat(read("").chatTemplate()).isEmpty();
        assertThat(read("chat_template: auto").chatTemplate())
                .containsInstanceOf(ChatTemplate.Auto.class);
        for (String name : ChatTemplate.BUILT_IN) {
            assertThat(read("chat_template: " + name).chatTemplate().orElseThrow())
                    .isInstanceOfSatisfying(
                            ChatTemplate.BuiltIn.class, t -> assertThat(t.name()).isEqualTo(name));
        }
        assertThat(read("chat_template: \"" + literal + "\"").chatTemplate().orElseThrow())
                .isInstanceOfSatisfying(
                        ChatTemplate.Literal.class, t -> assertThat(t.text()).isEqualTo(literal));
    }
}
