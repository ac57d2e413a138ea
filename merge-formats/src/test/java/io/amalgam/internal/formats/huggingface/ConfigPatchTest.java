package io.amalgam.internal.formats.huggingface;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.IntNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.amalgam.checkpoint.ConfigChanges;
import io.amalgam.checkpoint.ConfigChanges.LayerChange;
import io.amalgam.checkpoint.ConfigChanges.MergedLayer;
import io.amalgam.checkpoint.ConfigChanges.Origin;
import io.amalgam.checkpoint.ConfigChanges.Stack;
import io.amalgam.checkpoint.ConfigChanges.VocabularyChange;
import io.amalgam.checkpoint.OutputLayout.SmallFile;
import io.amalgam.error.BadInputException;
import io.amalgam.internal.layers.PartSynonyms;
import io.amalgam.tensor.DType;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ConfigPatchTest {
    @Test
    void noChangesGiveACopy() {
        ObjectNode donor = json("{'b': 1, 'a': {'c': [1, 2]}}");

        ObjectNode patched = ConfigPatch.patch(donor, ConfigChanges.NONE);

        assertThat(patched).isEqualTo(donor).isNotSameAs(donor);
        ((ObjectNode) patched.get("a")).put("d", 1);
        assertThat(donor.get("a").has("d")).isFalse();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            textBlock =
                    """
                    {'a': 1}                                          | {'a': 1, 'dtype': 'bfloat16'}
                    {'dtype': 'float32'}                              | {'dtype': 'bfloat16'}
                    {'torch_dtype': 'float32', 'a': 1}                | {'torch_dtype': 'bfloat16', 'a': 1}
                    {'torch_dtype': null}                             | {'torch_dtype': 'bfloat16'}
                    {'torch_dtype': 'float32', 'dtype': 'float32'}    | {'torch_dtype': 'bfloat16', 'dtype': 'bfloat16'}
                    {'text_config': {'torch_dtype': 'float32'}}       | {'text_config': {'torch_dtype': 'bfloat16'}, 'dtype': 'bfloat16'}
                    {'dtype': 'float32', 'text_config': {'a': 1}}     | {'dtype': 'bfloat16', 'text_config': {'a': 1}}
                    {'dtype': 'float32', 'text_config': null}         | {'dtype': 'bfloat16', 'text_config': null}
                    {'dtype': 'float16', 'vision_config': {'dtype': 'float32'}} | {'dtype': 'bfloat16', 'vision_config': {'dtype': 'float32'}}
                    """,
            quoteCharacter = '"')
    void setsTheDtypeWhereItIs(String donor, String expected) {
        ObjectNode patched =
                ConfigPatch.patch(
                        json(donor),
                        new ConfigChanges(
                                Optional.of(DType.BF16),
                                List.of(),
                                Optional.empty(),
                                Optional.empty()));

        assertThat(patched).isEqualTo(json(expected));
    }

    @ParameterizedTest
    @ValueSource(strings = {"num_hidden_layers", "n_layer", "n_layers", "num_layers", "depth"})
    void findsTheLayerCountByItsValue(String key) {
        assertThat(layers("{'other': 3, '" + key + "': 3}", 3, 0, 1, 1, 2))
                .isEqualTo(json("{'other': 3, '" + key + "': 4}"));
        assertThat(layers("{'" + key + "': 5}", 3, 0)).isEqualTo(json("{'" + key + "': 5}"));
        assertThat(layers("{'" + key + "': '3'}", 3, 0)).isEqualTo(json("{'" + key + "': '3'}"));
    }

    @Test
    void setsEveryNameOfTheLayerCount() {
        String donor =
                "{'num_hidden_layers': 2, 'n_layer': 2, 'num_layers': 6, 'text_config': {'num_hidden_layers': 2},"
                        + " 'vision_config': {'num_hidden_layers': 2}}";

        assertThat(ConfigPatch.layerCountKeys(json(donor), 2))
                .containsExactly("num_hidden_layers", "n_layer", "text_config.num_hidden_layers");
        assertThat(layers(donor, 2, 0, 1, 0))
                .isEqualTo(
                        json(
                                "{'num_hidden_layers': 3, 'n_layer': 3, 'num_layers': 6, 'text_config':"
                                        + " {'num_hidden_layers': 3}, 'vision_config': {'num_hidden_layers': 2}}"));
    }

    @Test
    void listsOfOneValuePerLayerFollowTheLayers() {
        assertThat(
                        layers(
                                "{'num_hidden_layers': 3, 'layer_types': ['x', 'y', 'z'], 'no_rope_layers': [1, 1, 0],"
                                        + " 'text_config': {'mlp_layer_types': [{'a': 1}, 'b', 'c']}}",
                                3,
                                2,
                                0,
                                0,
                                1))
                .isEqualTo(
                        json(
                                "{'num_hidden_layers': 4, 'layer_types': ['z', 'x', 'x', 'y'], 'no_rope_layers': [0, 1,"
                                        + " 1, 1], 'text_config': {'mlp_layer_types': ['c', {'a': 1}, {'a': 1}, 'b']}}"));
    }

    @Test
    void listsThatOnlyHappenToBeAsLongStay() {
        String donor =
                "{'architectures': ['a', 'b', 'c'], 'eos_token_id': [1, 2, 3], 'layer_types': ['x', 'y'],"
                        + " 'sliding_window_pattern': 3, 'vision_config': {'layer_types': ['x', 'y', 'z']}}";

        assertThat(layers(donor, 3, 0, 1)).isEqualTo(json(donor));
    }

    @Test
    void listsOfLayerNumbersAreRenumbered() {
        assertThat(layers("{'full_attn_idxs': [0, 2], 'mlp_only_layers': []}", 3, 2, 1, 0, 2))
                .isEqualTo(json("{'full_attn_idxs': [0, 2, 3], 'mlp_only_layers': []}"));
        assertThat(layers("{'attn_layer_indices': [2, 1, 0]}", 3, 0, 0))
                .isEqualTo(json("{'attn_layer_indices': [0, 1]}"));
        assertThat(layers("{'moe_layers': [7]}", 3, 0)).isEqualTo(json("{'moe_layers': [7]}"));
    }

    @Test
    void listsStayWhereALayerComesFromADeeperModel() {
        String donor = "{'n_layer': 2, 'layer_types': ['x', 'y'], 'full_attn_idxs': [1]}";

        assertThat(layers(donor, 2, 0, 1, 2))
                .isEqualTo(
                        json("{'n_layer': 3, 'layer_types': ['x', 'y'], 'full_attn_idxs': [1]}"));
    }

    @Test
    void tiesWhereItIsSaid() {
        String donor =
                "{'tie_word_embeddings': true, 'text_config': {'tie_word_embeddings': true}, 'llm_config': {}}";

        assertThat(tied(donor, false)).isEqualTo(json(donor.replace("true", "false")));
        assertThat(tied("{'text_config': {}}", true))
                .isEqualTo(json("{'text_config': {}, 'tie_word_embeddings': true}"));
    }

    @Test
    void theFormatGivesTheConfigFile() {
        ConfigChanges changes =
                new ConfigChanges(
                        Optional.of(DType.F16), List.of(), Optional.empty(), Optional.empty());

        List<SmallFile> files =
                new HuggingFaceOutput().modelFiles(json("{'b': 1, 'dtype': 'x', 'a': 2}"), changes);

        assertThat(files).extracting(SmallFile::name).containsExactly("config.json");
        assertThat(new String(files.get(0).content(), StandardCharsets.UTF_8))
                .isEqualTo("{\n  \"b\": 1,\n  \"dtype\": \"float16\",\n  \"a\": 2\n}\n");
    }

    @Test
    void keepsOrderAndNumbersAsTheyAre(@TempDir Path directory) throws IOException {
        String text =
                """
                {
                  "z": 1e-05,
                  "a": 10000.0,
                  "eps": 1e-12,
                  "big": 18446744073709551615,
                  "limit": Infinity,
                  "none": null,
                  "empty": [],
                  "nothing": {},
                  "list": [
                    1,
                    "\u00e9\\n"
                  ]
                }
                """;
        Path file = Files.writeString(directory.resolve("config.json"), text);

        String written =
                new String(ConfigPatch.bytes(JsonFiles.readObject(file)), StandardCharsets.UTF_8);

        assertThat(written).isEqualTo(text.replace("1e-05", "0.00001").replace("1e-12", "1E-12"));
    }

    private static ObjectNode layers(String donor, int old, Integer... sources) {
        LayerChange change = new LayerChange(old, List.of(sources));
        return ConfigPatch.patch(
                json(donor),
                new ConfigChanges(
                        Optional.empty(), List.of(change), Optional.empty(), Optional.empty()));
    }

    /** A setting that cannot be read would be left as it is, and be true of other layers. */
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            textBlock =
                    """
                    'max_window_layers': '2'               | 'max_window_layers' | a whole number, got "2"
                    'num_kv_shared_layers': 1.5            | 'num_kv_shared_layers' | a whole number, got 1.5
                    'moe_layer_end_index': true            | 'moe_layer_end_index' | a whole number, got true
                    'decoder_sparse_step': [1]             | 'decoder_sparse_step' | a whole number, got [1]
                    'layer_types': 'xyz'                   | 'layer_types' | a list with a value for each layer, got "xyz"
                    'no_rope_layers': {}                   | 'no_rope_layers' | a list with a value for each layer, got {}
                    'full_attn_idxs': ['0', 2]             | 'full_attn_idxs' | a list of whole numbers, got ["0",2]
                    'mlp_only_layers': 'none'              | 'mlp_only_layers' | a list of whole numbers, got "none"
                    'per_layer_config': []                 | 'per_layer_config' | an object, got []
                    'sliding_window': '64'                 | 'sliding_window' | a whole number, got "64"
                    'use_sliding_window': 'false'          | 'use_sliding_window' | true or false, got "false"
                    'text_config': {'first_k_dense_replace': '1'} | 'text_config.first_k_dense_replace' | a whole number, got "1"
                    """)
    void settingsOfAnotherKind(String settings, String key, String expected) {
        String donor = "{'num_hidden_layers': 3, " + settings + "}";
        assertThatThrownBy(() -> layers(donor, 3, 2, 1, 0))
                .isInstanceOf(BadInputException.class)
                .hasMessage(
                        key
                                + " in config.json: expected "
                                + expected
                                + "; it follows the new order of layers: correct the model's config.json");
        assertThat(json(donor)).isEqualTo(ConfigPatch.patch(json(donor), ConfigChanges.NONE));

        Origin lender = new Origin(json(donor), 3);
        LayerChange change =
                new LayerChange(3, List.of(0), List.of(Optional.of(lender)), Optional.empty());
        assertThatThrownBy(
                        () ->
                                ConfigPatch.patch(
                                        json("{'num_hidden_layers': 3, 'text_config': {}}"),
                                        new ConfigChanges(
                                                Optional.empty(),
                                                List.of(change),
                                                Optional.empty(),
                                                Optional.empty())))
                .isInstanceOf(BadInputException.class)
                .hasMessageStartingWith(key + " in config.json: expected " + expected);
    }

    private static ObjectNode tied(String donor, boolean tied) {
        return ConfigPatch.patch(
                json(donor),
                new ConfigChanges(
                        Optional.empty(), List.of(), Optional.of(tied), Optional.empty()));
    }

    private static ObjectNode json(String text) {
        try {
            return (ObjectNode) new ObjectMapper().readTree(text.replace('\'', '"'));
        } catch (JsonProcessingException e) {
            throw new IllegalArgumentException(e);
        }
    }

    @Test
    void layerCountsOfNestedSectionsFollow() {
        assertThat(
                        layers(
                                "{'thinker_config': {'text_config': {'num_hidden_layers': 3, 'max_window_layers': 3}}, 'text_config': {'num_hidden_layers': 3}, 'vision_config': {'depth': 3}}",
                                3,
                                0,
                                1,
                                1,
                                2))
                .isEqualTo(
                        json(
                                "{'thinker_config': {'text_config': {'num_hidden_layers': 4, 'max_window_layers': 4}}, 'text_config': {'num_hidden_layers': 4}, 'vision_config': {'depth': 3}}"));
    }

    @ParameterizedTest
    @CsvSource({"3, 4", "2, 3", "1, 1", "0, 0", "9, 9", "28, 28"})
    void theFirstLayersWithoutAWindowFollow(int old, int expected) {
        assertThat(layers("{'max_window_layers': " + old + "}", 3, 0, 1, 1, 2))
                .isEqualTo(json("{'max_window_layers': " + expected + "}"));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            textBlock =
                    """
                    {'a': 1}                                             | {'a': 1, 'vocab_size': 9}
                    {'vocab_size': 5, 'a': 1}                            | {'vocab_size': 9, 'a': 1}
                    {'text_config': {'vocab_size': 5}}                   | {'text_config': {'vocab_size': 9}}
                    {'vocab_size': 5, 'text_config': {'vocab_size': 5}}  | {'vocab_size': 9, 'text_config': {'vocab_size': 9}}
                    {'vocab_size': 5, 'vocab_size_per_layer_input': 5} | {'vocab_size': 9, 'vocab_size_per_layer_input': 9}
                    {'vocab_size': 5, 'vocab_size_per_layer_input': 3} | {'vocab_size': 9, 'vocab_size_per_layer_input': 3}
                    {'vocab_size': 5, 'audio_config': {'vocab_size': 5}} | {'vocab_size': 9, 'audio_config': {'vocab_size': 5}}
                    {'encoder': {'vocab_size': 4}, 'decoder': {'vocab_size': 4}} | {'encoder': {'vocab_size': 9}, 'decoder': {'vocab_size': 9}}
                    {'vocab_size': 6, 'decoder': {'vocab_size': 4}} | {'vocab_size': 9, 'decoder': {'vocab_size': 9}}
                    {'vocab_size': 4, 'teacher': {'vocab_size': 3}} | {'vocab_size': 9, 'teacher': {'vocab_size': 3}}
                    {'vocab_size': 5, 'eos_token_id': 3, 'pad_token_id': 1} | {'vocab_size': 9, 'eos_token_id': 7, 'pad_token_id': 1}
                    {'vocab_size': 5, 'text_config': {'eos_token_id': 3}}   | {'vocab_size': 9, 'text_config': {'eos_token_id': 7}}
                    """,
            quoteCharacter = '"')
    void setsTheVocabularyWhereItIs(String donor, String expected) {
        VocabularyChange change =
                new VocabularyChange(9, 4, Map.of("eos_token_id", IntNode.valueOf(7)));
        ConfigChanges changes =
                new ConfigChanges(
                        Optional.empty(),
                        List.of(),
                        Optional.empty(),
                        Optional.empty(),
                        Optional.of(change));

        assertThat(ConfigPatch.patch(json(donor), changes)).isEqualTo(json(expected));
    }

    @Test
    void windowsThatNoNumberCanSayBecomeALayerList() {
        String donor =
                "{'num_hidden_layers': 3, 'use_sliding_window': true, 'max_window_layers': 1}";

        assertThat(layers(donor, 3, 0, 1, 0, 2))
                .isEqualTo(
                        json(
                                "{'num_hidden_layers': 4, 'use_sliding_window': true, 'max_window_layers': 1, 'layer_types':"
                                        + " ['full_attention', 'sliding_attention', 'full_attention', 'sliding_attention']}"));
        assertThat(layers(donor, 3, 0, 0, 1)).isEqualTo(json(donor.replace("s': 1", "s': 2")));
        assertThat(layers(donor.replace("true", "false"), 3, 0, 1, 0).has("layer_types")).isFalse();
    }

    /** A config has one size of windows, and a layer one kind. */
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                // the lender's config beside 'num_hidden_layers' | what is said of layers 0 (donor
                // 1), 1 (lender 0), 2 (lender 1)
                "'use_sliding_window': true, 'sliding_window': 5, 'max_window_layers': 1 | ",
                "'use_sliding_window': true, 'sliding_window': 5, 'layer_types': ['full_attention', 'sliding_attention'] | ",
                "'use_sliding_window': false, 'sliding_window': 7, 'max_window_layers': 2 | ",
                "'use_sliding_window': true, 'sliding_window': 7, 'max_window_layers': 1 | layer 2 of the output sees: expected the latest 7 tokens as a layer it is made of, got the latest 5 tokens",
                "'sliding_window': 7 | layer 1 of the output (and 1 more layer) sees: expected the latest 7 tokens as a layer it is made of, got everything",
                "'sliding_window': 5, 'sliding_window_pattern': 2 | layer 1 of the output (and 1 more layer) sees: expected the latest 5 tokens as a layer it is made of, got everything"
            })
    void windowsThatTheConfigCannotSayAreSaid(String lender, String expected) {
        ObjectNode donor =
                json(
                        "{'num_hidden_layers': 2, 'use_sliding_window': true, 'sliding_window': 5, 'max_window_layers': 1}");
        Optional<Origin> other =
                Optional.of(new Origin(json("{'num_hidden_layers': 2, " + lender + "}"), 2));
        LayerChange change =
                new LayerChange(2, List.of(1, 0, 1), List.of(Optional.empty(), other, other));

        List<String> problems = windows(donor, change);

        assertThat(problems)
                .isEqualTo(
                        expected == null
                                ? List.of()
                                : List.of(
                                        "what "
                                                + expected
                                                + "; config.json cannot say both: take layers of one kind, or expect other results for longer texts"));
    }

    private static List<String> windows(ObjectNode donor, LayerChange change) {
        ConfigChanges changes =
                new ConfigChanges(
                        Optional.empty(), List.of(change), Optional.empty(), Optional.empty());
        return new HuggingFaceOutput()
                .unchanged(donor, changes).stream().map(Object::toString).toList();
    }

    @Test
    void layersOfBothKindsInOneAreSaid() {
        ObjectNode donor =
                json(
                        "{'num_hidden_layers': 3, 'sliding_window': 5, 'layer_types': ['full_attention', 'sliding_attention', 'sliding_attention']}");
        List<Optional<Origin>> own = Collections.nCopies(2, Optional.empty());
        MergedLayer full = new MergedLayer(0, Optional.empty());
        MergedLayer sliding = new MergedLayer(2, Optional.empty());

        assertThat(
                        windows(
                                donor,
                                new LayerChange(
                                        3,
                                        List.of(0, 1),
                                        own,
                                        Optional.empty(),
                                        List.of(List.of(), List.of(sliding)))))
                .isEmpty();
        assertThat(
                        windows(
                                donor,
                                new LayerChange(
                                        3,
                                        List.of(0, 1),
                                        own,
                                        Optional.empty(),
                                        List.of(List.of(), List.of(sliding, full)))))
                .singleElement()
                .asString()
                .startsWith(
                        "what layer 1 of the output sees: expected everything as a layer it is made of, got the latest 5 tokens");
    }

    @Test
    void patternsThatBreakBecomeALayerList() {
        String donor = "{'n_layer': 6, 'sliding_window_pattern': 3}";

        assertThat(layers(donor, 6, 0, 1, 2, 3, 4, 5, 0)).isEqualTo(json(donor.replace("6", "7")));
        assertThat(layers(donor, 6, 2, 3).get("layer_types"))
                .isEqualTo(json("{'a': ['full_attention', 'sliding_attention']}").get("a"));
    }

    @Test
    void layersLentByAnotherModelGoByItsConfig() {
        ObjectNode donor =
                json(
                        "{'n_layer': 2, 'layer_types': ['a', 'b'], 'moe_layers': [1], 'max_window_layers': 1, 'use_sliding_window': true}");
        Origin lender =
                new Origin(
                        json(
                                "{'layer_types': ['c', 'd', 'e'], 'moe_layers': [0, 2], 'max_window_layers': 2}"),
                        3);
        LayerChange change =
                new LayerChange(
                        2,
                        List.of(0, 0, 1, 2),
                        List.of(
                                Optional.empty(),
                                Optional.of(lender),
                                Optional.of(lender),
                                Optional.of(lender)));
        ConfigChanges changes =
                new ConfigChanges(
                        Optional.empty(), List.of(change), Optional.empty(), Optional.empty());

        assertThat(ConfigPatch.patch(donor, changes))
                .isEqualTo(
                        json(
                                "{'n_layer': 4, 'layer_types': ['a', 'c', 'd', 'e'], 'moe_layers': [1, 3], 'max_window_layers': 3, 'use_sliding_window': true}"));
    }

    @Test
    void periodsThatBreakAreSaid() {
        ConfigChanges changes = stacked(4, 0, 2, 1, 3);
        HuggingFaceOutput format = new HuggingFaceOutput();

        assertThat(
                        format.unchanged(
                                json(
                                        "{'n_layer': 4, 'decoder_sparse_step': 2, 'text_config': {'first_k_dense_replace': 2}}"),
                                changes))
                .extracting(Object::toString)
                .containsExactly(
                        "'decoder_sparse_step' in config.json says which layers are of which kind, and is not true of the new order; choose ranges that keep the order of kinds, or change the output's config.json",
                        "'text_config.first_k_dense_replace' in config.json says which layers are of which kind, and is not true of the new order; choose ranges that keep the order of kinds, or change the output's config.json");
        assertThat(
                        format.unchanged(
                                json(
                                        "{'n_layer': 4, 'decoder_sparse_step': 1, 'first_k_dense_replace': 1,"
                                                + " 'full_attention_interval': 4, 'layer_types': ['a', 'a', 'a', 'b']}"),
                                changes))
                .isEmpty();
    }

    @Test
    void layersThatComputeByTheirNumberAreSaid() {
        assertThat(
                        new HuggingFaceOutput()
                                .unchanged(
                                        json(
                                                "{'n_layer': 4, 'lambda_std_dev': 0.1, 'out_features': ['stage4']}"),
                                        stacked(4, 0, 2, 1, 3)))
                .extracting(Object::toString)
                .containsExactly(
                        "by 'lambda_std_dev' in config.json, what a layer computes depends on its number; layers in new places compute something else than before",
                        "'out_features' in config.json may speak of single layers, and is left as it is; see whether it is true of the output's layers");
    }

    private static ConfigChanges stacked(int old, Integer... sources) {
        return new ConfigChanges(
                Optional.empty(),
                List.of(new LayerChange(old, List.of(sources))),
                Optional.empty(),
                Optional.empty());
    }

    @Test
    void theArchitectureIsTheOneThatOverrides() {
        ConfigChanges changes =
                new ConfigChanges(Optional.empty(), List.of(), Optional.empty(), Optional.of("X"));

        assertThat(ConfigPatch.patch(json("{'architectures': ['A', 'B'], 'c': 1}"), changes))
                .isEqualTo(json("{'architectures': ['X'], 'c': 1}"));
        assertThat(ConfigPatch.patch(json("{}"), changes))
                .isEqualTo(json("{'architectures': ['X']}"));
    }

    @Test
    void aLayerCountThatIsNowhereIsSaid() {
        LayerChange change = new LayerChange(3, List.of(0, 1));
        ConfigChanges changes =
                new ConfigChanges(
                        Optional.empty(), List.of(change), Optional.empty(), Optional.empty());
        HuggingFaceOutput format = new HuggingFaceOutput();

        assertThat(format.unchanged(json("{'num_hidden_layers': 3}"), changes)).isEmpty();
        assertThat(format.unchanged(json("{'num_hidden_layers': 5}"), changes))
                .singleElement()
                .hasToString(
                        "config.json has no number of layers that could be changed from 3 to 2; set it in the output's config.json");
    }

    /** What the configs of models with several stacks say after one of them has other layers. */
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                // stack, layers before, after | config before | what changes
                "decoder | 2 | 3 | {'is_encoder_decoder': true, 'num_layers': 2, 'num_decoder_layers': 2} | {'num_decoder_layers': 3}",
                "encoder | 2 | 3 | {'is_encoder_decoder': true, 'num_layers': 2, 'num_decoder_layers': 2} | {'num_layers': 3}",
                "decoder | 2 | 3 | {'is_encoder_decoder': true, 'num_layers': 2} | {'num_decoder_layers': 3}",
                "encoder | 2 | 3 | {'is_encoder_decoder': true, 'num_layers': 2} | {'num_layers': 3, 'num_decoder_layers': 2}",
                "model.decoder | 2 | 1 | {'encoder_layers': 2, 'decoder_layers': 2, 'num_hidden_layers': 2} | {'decoder_layers': 1}",
                "model.encoder | 2 | 1 | {'encoder_layers': 2, 'decoder_layers': 2, 'num_hidden_layers': 2} | {'encoder_layers': 1, 'num_hidden_layers': 1}",
                "text_model | 2 | 3 | {'text_config': {'num_hidden_layers': 2}, 'vision_config': {'num_hidden_layers': 2}} | {'text_config': {'num_hidden_layers': 3}}",
                "vision_model | 2 | 3 | {'text_config': {'num_hidden_layers': 2}, 'vision_config': {'num_hidden_layers': 2}} | {'vision_config': {'num_hidden_layers': 3}}",
                "model.language_model | 2 | 3 | {'text_config': {'num_hidden_layers': 2, 'layer_types': ['a', 'b']}, 'layer_types': ['a', 'b'], 'vision_config': {'depth': 2, 'layer_types': ['a', 'b']}} | {'text_config': {'num_hidden_layers': 3, 'layer_types': ['a', 'b', 'b']}, 'layer_types': ['a', 'b', 'b']}",
                "visual | 2 | 1 | {'num_hidden_layers': 2, 'vision_config': {'depth': 2}} | {'vision_config': {'depth': 1}}",
                "encoder | 2 | 3 | {'encoder': {'num_hidden_layers': 2}, 'decoder': {'num_hidden_layers': 2}} | {'encoder': {'num_hidden_layers': 3}}",
                "qformer | 2 | 3 | {'qformer_config': {'num_hidden_layers': 2}, 'text_config': {'num_hidden_layers': 2}} | {'qformer_config': {'num_hidden_layers': 3}}"
            })
    void oneStackOfSeveral(String stack, int old, int count, String donor, String expected) {
        ObjectNode changed = json(donor);
        merge(changed, json(expected));

        assertThat(ConfigPatch.patch(json(donor), stacked(stack, old, count))).isEqualTo(changed);
        assertThat(new HuggingFaceOutput().unchanged(json(donor), stacked(stack, old, count)))
                .isEmpty();
    }

    private static void merge(ObjectNode into, ObjectNode from) {
        from.properties()
                .forEach(
                        entry -> {
                            if (entry.getValue() instanceof ObjectNode section) {
                                merge((ObjectNode) into.get(entry.getKey()), section);
                            } else {
                                into.set(entry.getKey(), entry.getValue());
                            }
                        });
    }

    /** The last layer left out or repeated. */
    private static ConfigChanges stacked(String path, int old, int count) {
        List<Integer> sources = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            sources.add(Math.min(i, old - 1));
        }
        return new ConfigChanges(
                Optional.empty(),
                List.of(
                        new LayerChange(
                                old,
                                sources,
                                Collections.nCopies(count, Optional.empty()),
                                Optional.of(new Stack(path, PartSynonyms.of(path))))),
                Optional.empty(),
                Optional.empty());
    }

    @Test
    void aStackWhoseNumberIsNotFoundIsNamed() {
        ObjectNode config = json("{'text_config': {'num_hidden_layers': 2}}");

        assertThat(new HuggingFaceOutput().unchanged(config, stacked("visual", 2, 3)))
                .singleElement()
                .hasToString(
                        "config.json has no number of 'visual' layers that could be changed from 2 to 3; set it in the output's config.json");
    }
}
