package io.amalgam.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.amalgam.checkpoint.Checkpoint.ModelFacts;
import java.io.IOException;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What configurations say, in the ways that they say it. */
class ModelFactsTest {
    private static ModelFacts facts(String json) throws IOException {
        return ModelFacts.of((ObjectNode) new ObjectMapper().readTree(json.replace('\'', '"')));
    }

    @Test
    void withoutAConfigurationNothingIsKnown() {
        assertThat(ModelFacts.of(Optional.empty())).isEqualTo(ModelFacts.NONE);
        assertThat(ModelFacts.NONE.tied()).isEmpty();
        assertThat(ModelFacts.NONE.vocabulary()).isEqualTo(-1);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '"',
            value = {
                "{} | true",
                "{'tie_word_embeddings': false} | false",
                "{'text_config': {'tie_word_embeddings': false}} | false",
                "{'thinker_config': {'text_config': {'tie_word_embeddings': false}}} | false",
                "{'tie_word_embeddings': true, 'text_config': {'tie_word_embeddings': false}} | true",
                "{'vision_config': {'tie_word_embeddings': false}} | true",
                "{'model_type': 't5', 'tie_word_embeddings': false} | true",
                "{'tie_word_embeddings': null, 'llm_config': {'tie_word_embeddings': false}} | false",
            })
    void whetherHeadAndEmbeddingAreOne(String config, boolean ties) throws IOException {
        assertThat(facts(config).ties()).isEqualTo(ties);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '"',
            value = {
                "{'vocab_size': 9, 'num_hidden_layers': 3} | 9 | 3",
                "{'vocab_size': 9, 'n_layer': 3} | 9 | 3",
                "{'text_config': {'vocab_size': 9, 'num_layers': 3}} | 9 | 3",
                "{'vocab_size': 0, 'language_config': {'vocab_size': 9, 'n_layers': 3}} | 9 | 3",
                "{'vocab_size': 'many'} | -1 | -1",
                "{'vision_config': {'num_hidden_layers': 3}} | -1 | -1",
            })
    void tokensAndLayers(String config, long tokens, long layers) throws IOException {
        assertThat(facts(config).vocabulary()).isEqualTo(tokens);
        assertThat(facts(config).layers()).isEqualTo(layers);
    }

    @Test
    void layersBehindTheModelsOwn() throws IOException {
        assertThat(facts("{'num_hidden_layers': 61, 'num_nextn_predict_layers': 1}").behind())
                .containsOnly(Map.entry(62L, 1));
    }

    @Test
    void layersThatShareProjectionsWithEarlierOnes() throws IOException {
        assertThat(facts("{'num_hidden_layers': 30}").ownLayers()).isEqualTo(30);
        assertThat(
                        facts(
                                        "{'text_config': {'num_hidden_layers': 30, 'num_kv_shared_layers': 10}}")
                                .ownLayers())
                .isEqualTo(20);
        assertThat(facts("{'num_kv_shared_layers': 10}").ownLayers()).isEqualTo(-1);
    }

    @Test
    void typesOfAllParts() throws IOException {
        ModelFacts facts =
                facts(
                        "{'model_type': 'clvp', 'architectures': ['Clvp'], 'decoder_config': {'model_type': 'clvp_decoder'}}");
        assertThat(facts.type()).isEqualTo("clvp");
        assertThat(facts.types()).containsExactlyInAnyOrder("clvp", "clvp_decoder");
        assertThat(facts.architecture()).isEqualTo("Clvp");
    }
}
