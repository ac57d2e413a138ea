package io.amalgam.endtoend;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.amalgam.error.Problem;
import io.amalgam.formats.safetensors.SafetensorsFile;
import io.amalgam.golden.HuggingFace;
import io.amalgam.golden.Tokens;
import io.amalgam.internal.tensor.BFloat16;
import io.amalgam.plan.MergePlan;
import io.amalgam.plan.PlanOptions;
import io.amalgam.recipe.Recipe;
import io.amalgam.tensor.DType;
import io.amalgam.tensor.Shape;
import io.amalgam.tensor.TensorInfo;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Models of different vocabularies, merged with a tokenizer section: from files to files. */
class VocabularyMergeTest {
    private static final String EMBEDDING = "model.embed_tokens.weight";

    private static final String LINEAR =
            """
            merge_method: linear
            models:
              - {model: a, parameters: {weight: 1}}
              - {model: b, parameters: {weight: 1}}
            dtype: float32
            """;

    @TempDir Path root;

    /** WordPiece: finds the longest pieces, continued ones with {@code ##}. */
    private static String wordPiece(List<String> tokens) {
        return "{'version': '1.0', 'added_tokens': [{'id': 0, 'content': '[UNK]', 'single_word': false,"
                + " 'lstrip': false, 'rstrip': false, 'normalized': false, 'special': true}],"
                + " 'normalizer': null, 'pre_tokenizer': {'type': 'Whitespace'}, 'post_processor': null,"
                + " 'decoder': {'type': 'WordPiece', 'prefix': '##', 'cleanup': true},"
                + " 'model': {'type': 'WordPiece', 'unk_token': '[UNK]', 'continuing_subword_prefix': '##',"
                + " 'max_input_chars_per_word': 100, 'vocab': {"
                + numbered(tokens)
                + "}}}";
    }

    private static String unigram(List<String> tokens) {
        return "{'version': '1.0', 'added_tokens': [], 'normalizer': null, 'pre_tokenizer':"
                + " {'type': 'Metaspace', 'replacement': '▁', 'prepend_scheme': 'always', 'split': true},"
                + " 'post_processor': null, 'decoder': null, 'model': {'type': 'Unigram', 'unk_id': 0,"
                + " 'byte_fallback': false, 'vocab': ["
                + tokens.stream()
                        .map(token -> "['" + token + "', -" + (tokens.indexOf(token) + 1) + ".25]")
                        .collect(Collectors.joining(", "))
                + "]}}";
    }

    private static String numbered(List<String> tokens) {
        return IntStream.range(0, tokens.size())
                .mapToObj(i -> "'" + tokens.get(i) + "': " + i)
                .collect(Collectors.joining(", "));
    }

    private Path model(String name, TestModel tensors, String tokenizer, String config)
            throws IOException {
        Path folder = tensors.write(root.resolve(name));
        Files.writeString(folder.resolve("tokenizer.json"), tokenizer.replace('\'', '"'));
        Files.writeString(folder.resolve("config.json"), config.replace('\'', '"'));
        return folder;
    }

    /** Rows whose elements all are {@code tens} and the row's number. */
    private static TestModel rows(TestModel model, String name, int tens, int rows, int width) {
        float[] values = new float[rows * width];
        for (int i = 0; i < values.length; i++) {
            values[i] = tens + i / width;
        }
        Shape shape = width == 1 ? Shape.of(rows) : Shape.of(rows, width);
        return model.values(name, DType.F32, shape, values);
    }

    private static TestModel embedding(int tens, int rows) {
        return rows(new TestModel(), EMBEDDING, tens, rows, 3)
                .floats("model.layers.0.norm.weight", tens, 1);
    }

    private Path merge(String recipe) throws IOException {
        Path out = root.resolve("out");
        Merges.run(Merges.recipe(recipe), root, out, Options.DEFAULT.build());
        return out;
    }

    private static float[] floats(Path out, String tensor) throws IOException {
        try (SafetensorsFile file = SafetensorsFile.open(out.resolve("model.safetensors"))) {
            return file.floats(tensor);
        }
    }

    /** The first element of each row. */
    private static List<Float> column(Path out, String tensor, int width) throws IOException {
        float[] values = floats(out, tensor);
        List<Float> column = new ArrayList<>();
        for (int i = 0; i < values.length; i += width) {
            column.add(values[i]);
        }
        return column;
    }

    private static JsonNode json(Path file) throws IOException {
        return new ObjectMapper().readTree(file.toFile());
    }

    /** Mllama's embedding has rows behind those of tokens; BART's bias has a column a token. */
    @Test
    void rowsBehindTheTokensAndColumnsByToken() throws IOException {
        model("a", withBias(4, 10), wordPiece(List.of("[UNK]", "mer", "##ge", "model")), size(4));
        List<String> second = List.of("[UNK]", "model", "##s", "mer", "er");
        model("b", withBias(5, 30), wordPiece(second), size(5));
        Path out = merge(LINEAR + "tokenizer: {source: union}\n");

        assertThat(column(out, EMBEDDING, 3))
                .containsExactly(20f, 22f, 12f, 22f, 32f, 34f, 24.5f, 25.5f);
        assertThat(column(out, "lm_head.weight", 3)).containsExactly(20f, 22f, 12f, 22f, 32f, 34f);
        assertThat(column(out, "final_logits_bias", 1))
                .containsExactly(20f, 22f, 12f, 22f, 32f, 34f);
        try (SafetensorsFile file = SafetensorsFile.open(out.resolve("model.safetensors"))) {
            assertThat(file.tensors().get("final_logits_bias").info().shape())
                    .isEqualTo(Shape.of(1, 6));
        }
        assertThat(json(out.resolve("config.json")).at("/text_config/vocab_size").intValue())
                .isEqualTo(6);
    }

    private static String size(int tokens) {
        return "{'text_config': {'vocab_size': " + tokens + "}}";
    }

    private static TestModel withBias(int tokens, int tens) {
        float[] bias = new float[tokens];
        for (int i = 0; i < tokens; i++) {
            bias[i] = tens + i;
        }
        return rows(embedding(tens, tokens + 2), "lm_head.weight", tens, tokens, 3)
                .values("final_logits_bias", DType.F32, Shape.of(1, tokens), bias);
    }

    /**
     * The embedding comes from the first model, the head from the last: both by the same tokens.
     */
    @Test
    void stackedModelsOfDifferentVocabularies() throws IOException {
        List<String> first = List.of("[UNK]", "mer", "##ge", "model");
        List<String> second = List.of("[UNK]", "model", "##s", "mer", "er");
        model(
                "a",
                rows(embedding(10, 4), "lm_head.weight", 20, 4, 3),
                wordPiece(first),
                "{'vocab_size': 4}");
        model(
                "b",
                rows(embedding(30, 5), "lm_head.weight", 40, 5, 3),
                wordPiece(second),
                "{'vocab_size': 5}");

        Path out =
                merge(
                        """
                        merge_method: passthrough
                        slices:
                          - sources: [{model: a, layer_range: [0, 1]}]
                          - sources: [{model: b, layer_range: [0, 1]}]
                        tokenizer: {source: union}
                        """);

        // [UNK], mer, ##ge, model, then ##s and er, which a lacks as b lacks ##ge.
        assertThat(json(out.resolve("config.json")).path("vocab_size").asInt()).isEqualTo(6);
        assertThat(column(out, EMBEDDING, 3)).startsWith(10f, 11f, 12f, 13f).hasSize(6);
        List<Float> head = column(out, "lm_head.weight", 3);
        assertThat(head).hasSize(6);
        assertThat(List.of(head.get(0), head.get(1), head.get(3), head.get(4), head.get(5)))
                .containsExactly(40f, 43f, 41f, 42f, 44f);
        assertThat(floats(out, "model.layers.1.norm.weight")).isEqualTo(new float[] {30, 1});
    }

    @Test
    void wordPieceWithHeadAndBias() throws IOException {
        List<String> first = List.of("[UNK]", "mer", "##ge", "model");
        List<String> second = List.of("[UNK]", "model", "##s", "mer");
        for (String name : List.of("a", "b")) {
            TestModel tensors = new TestModel();
            int tens = name.equals("a") ? 10 : 20;
            rows(tensors, "bert.embeddings.word_embeddings.weight", tens, 4, 3);
            rows(tensors, "bert.embeddings.position_embeddings.weight", tens, 4, 3);
            rows(tensors, "bert.encoder.layer.0.output.dense.weight", tens, 4, 3);
            rows(tensors, "cls.predictions.bias", tens, 4, 1);
            rows(tensors, "cls.predictions.decoder.weight", tens, 4, 3);
            model(
                    name,
                    tensors,
                    wordPiece(name.equals("a") ? first : second),
                    "{'model_type': 'bert', 'vocab_size': 4, 'hidden_size': 3}");
        }
        Path out = merge(LINEAR + "tokenizer: {source: union, pad_to_multiple_of: 3}\n");

        assertThat(Tokens.ids(out.resolve("tokenizer.json")))
                .containsExactlyInAnyOrderEntriesOf(
                        Map.of("[UNK]", 0, "mer", 1, "##ge", 2, "model", 3, "##s", 4));
        // Tokens of both are averaged, those of one are its rows, and padding is the average of
        // all.
        float padding = ((15 + 17 + 12 + 17 + 22) / 5f);
        List<Float> expected = List.of(15f, 17f, 12f, 17f, 22f, padding);
        assertThat(column(out, "bert.embeddings.word_embeddings.weight", 3)).isEqualTo(expected);
        assertThat(column(out, "cls.predictions.decoder.weight", 3)).isEqualTo(expected);
        assertThat(column(out, "cls.predictions.bias", 1)).isEqualTo(expected);
        List<Float> inPlace = List.of(15f, 16f, 17f, 18f);
        assertThat(column(out, "bert.embeddings.position_embeddings.weight", 3)).isEqualTo(inPlace);
        assertThat(column(out, "bert.encoder.layer.0.output.dense.weight", 3)).isEqualTo(inPlace);
        assertThat(json(out.resolve("config.json")).path("vocab_size").asInt()).isEqualTo(6);
        try (HuggingFace tokenizer = new HuggingFace(out.resolve("tokenizer.json"))) {
            assertThat(tokenizer.tokens("merge model x"))
                    .containsExactly("mer", "##ge", "model", "[UNK]");
            assertThat(tokenizer.ids("merge model ##s")).containsExactly(1, 2, 3, 4);
            assertThat(tokenizer.decode(4)).isEqualTo("##s");
        }
    }

    @Test
    void unigram() throws IOException {
        model(
                "a",
                embedding(10, 4),
                unigram(List.of("<unk>", "▁a", "▁b", "c")),
                "{'vocab_size': 4}");
        model(
                "b",
                embedding(20, 4),
                unigram(List.of("<unk>", "c", "▁d", "▁a")),
                "{'vocab_size': 4}");
        Path out = merge(LINEAR + "tokenizer: {source: union}\n");

        assertThat(Tokens.ids(out.resolve("tokenizer.json"))).containsEntry("▁d", 4).hasSize(5);
        assertThat(column(out, EMBEDDING, 3)).containsExactly(15f, 17f, 12f, 17f, 22f);
        try (HuggingFace tokenizer = new HuggingFace(out.resolve("tokenizer.json"))) {
            assertThat(tokenizer.ids("a b")).containsExactly(1, 2);
            assertThat(tokenizer.ids("ac bc")).containsExactly(1, 3, 2, 3);
        }
    }

    @Test
    void tokensWithoutARowAreTakenOut() throws IOException {
        String bpe =
                "{'added_tokens': [{'id': 4, 'content': '<pad>', 'special': true, 'normalized': false,"
                        + " 'single_word': false, 'lstrip': false, 'rstrip': false}], 'model': {'type': 'BPE', 'vocab':"
                        + " {'a': 0, 'b': 1, 'ab': 2, 'abb': 3}, 'merges': ['a b', 'ab b']}}";
        model("a", embedding(10, 3), bpe, "{'vocab_size': 3}");
        model("b", embedding(20, 5), bpe, "{'vocab_size': 5}");
        Files.writeString(
                root.resolve("a/tokenizer_config.json"), "{\"pad_token\": \"<pad>\", \"x\": 1}");
        Files.writeString(root.resolve("a/merges.txt"), "a b\nab b\n");
        Recipe recipe = Merges.recipe(LINEAR + "tokenizer: {source: base}\n");
        try (MergePlan plan = Merges.plan(recipe, root, PlanOptions.DEFAULT)) {
            assertThat(plan.warnings().stream().map(Problem::toString))
                    .containsExactly(
                            "pad_token '<pad>' has no row in 'a' and is left out (recipe.yml:3:13); the output's tokenizer has no such token");
            assertThat(plan.vocabulary().orElseThrow().removed()).isEqualTo(2);
        }
        Path out = merge(LINEAR + "tokenizer: {source: base}\n");

        assertThat(column(out, EMBEDDING, 3)).containsExactly(15f, 16f, 17f);
        assertThat(json(out.resolve("tokenizer_config.json")).has("pad_token")).isFalse();
        assertThat(out.resolve("merges.txt")).doesNotExist();
        try (HuggingFace tokenizer = new HuggingFace(out.resolve("tokenizer.json"))) {
            assertThat(tokenizer.ids("abb")).containsExactly(2, 1);
        }
    }

    @Test
    void anotherModelsTokenizerBringsItsIds() throws IOException {
        model(
                "a",
                embedding(10, 3),
                wordPiece(List.of("[UNK]", "end", "one")),
                "{'vocab_size': 3, 'eos_token_id': 1, 'bos_token_id': 0, 'text_config': {'vocab_size': 3, 'eos_token_id': 1}}");
        model(
                "b",
                embedding(20, 4),
                wordPiece(List.of("[UNK]", "one", "two", "end")),
                "{'vocab_size': 4, 'eos_token_id': [3, 2]}");
        Files.writeString(
                root.resolve("a/generation_config.json"),
                "{\"eos_token_id\": 1, \"temperature\": 0.60}");
        Files.writeString(root.resolve("a/tokenizer_config.json"), "{\"of\": \"a\"}");
        Files.writeString(root.resolve("a/special_tokens_map.json"), "{\"of\": \"a\"}");
        Files.writeString(root.resolve("b/tokenizer_config.json"), "{\"of\": \"b\"}");
        Path out = merge(LINEAR + "tokenizer: {source: b}\n");

        assertThat(out.resolve("tokenizer.json"))
                .hasSameBinaryContentAs(root.resolve("b/tokenizer.json"));
        assertThat(out.resolve("tokenizer_config.json")).hasContent("{\"of\": \"b\"}");
        assertThat(out.resolve("special_tokens_map.json")).doesNotExist();
        assertThat(column(out, EMBEDDING, 3)).containsExactly(15f, 16.5f, 22f, 17f);
        JsonNode config = json(out.resolve("config.json"));
        assertThat(config.path("eos_token_id").toString()).isEqualTo("[3,2]");
        assertThat(config.path("bos_token_id").asInt()).isZero();
        assertThat(config.path("vocab_size").asInt()).isEqualTo(4);
        assertThat(config.path("text_config").toString())
                .isEqualTo("{\"vocab_size\":4,\"eos_token_id\":[3,2]}");
        assertThat(Files.readString(out.resolve("generation_config.json")))
                .isEqualTo(
                        """
                        {
                          "eos_token_id": [
                            3,
                            2
                          ],
                          "temperature": 0.60
                        }
                        """);
    }

    @Test
    void theTokenizerOfAModelThatIsNotMerged() throws IOException {
        model("a", embedding(10, 2), wordPiece(List.of("[UNK]", "x")), "{'vocab_size': 2}");
        model("b", embedding(20, 2), wordPiece(List.of("[UNK]", "y")), "{'vocab_size': 2}");
        model("c", embedding(30, 3), wordPiece(List.of("[UNK]", "y", "z")), "{'vocab_size': 3}");
        Path out = merge(LINEAR + "tokenizer_source: c\n");

        // Of y one model knows something, of z none does.
        assertThat(column(out, EMBEDDING, 3)).containsExactly(15f, 21f, 0f);
        assertThat(floats(out, "model.layers.0.norm.weight")).containsExactly(15f, 1f);
    }

    @Test
    void oneModelWithTheTokensOfAnother() throws IOException {
        model("a", embedding(10, 3), wordPiece(List.of("[UNK]", "x", "y")), "{'vocab_size': 3}");
        model("b", embedding(20, 3), wordPiece(List.of("[UNK]", "y", "z")), "{'vocab_size': 3}");
        Path out =
                merge("merge_method: passthrough\nmodels: [{model: a}]\ntokenizer: {source: b}\n");

        assertThat(column(out, EMBEDDING, 3)).containsExactly(10f, 12f, 0f);
    }

    @Test
    void tiedModelsLendTheirEmbedding() throws IOException {
        TestModel untied = rows(embedding(10, 2), "lm_head.weight", 50, 2, 3);
        model("a", untied, wordPiece(List.of("[UNK]", "x")), "{'vocab_size': 2}");
        model(
                "b",
                embedding(20, 2),
                wordPiece(List.of("[UNK]", "y")),
                "{'vocab_size': 2, 'tie_word_embeddings': true}");
        Path out = merge(LINEAR + "tokenizer: {}\n");

        assertThat(column(out, EMBEDDING, 3)).containsExactly(15f, 11f, 21f);
        assertThat(column(out, "lm_head.weight", 3)).containsExactly(35f, 51f, 21f);
    }

    @Test
    void rulesOfSingleTokens() throws IOException {
        model("a", embedding(10, 3), wordPiece(List.of("[UNK]", "x", "y")), "{'vocab_size': 3}");
        model("b", embedding(20, 3), wordPiece(List.of("[UNK]", "y", "z")), "{'vocab_size': 3}");
        Path out =
                merge(
                        LINEAR
                                + """
                                tokenizer:
                                  tokens:
                                    x: {source: {kind: zero}}
                                    y: {source: b, force: true}
                                    z: {source: {kind: model_token, model: a, token: x}}
                                    new: {source: {kind: model_token, model: b, token_id: 2}}
                                """);

        assertThat(Tokens.ids(out.resolve("tokenizer.json"))).containsEntry("new", 4);
        assertThat(column(out, EMBEDDING, 3)).containsExactly(15f, 5.5f, 21f, 16.5f, 22f);
    }

    @Test
    void aModelWithoutATokenizerIsTakenToHaveTheFirstOnes() throws IOException {
        model("a", embedding(10, 2), wordPiece(List.of("[UNK]", "x")), "{'vocab_size': 2}");
        model("b", embedding(20, 2), "", "{'vocab_size': 2}");
        Files.delete(root.resolve("b/tokenizer.json"));
        Recipe recipe =
                Merges.recipe(LINEAR + "tokenizer: {tokens: {new: {source: {kind: zero}}}}\n");
        try (MergePlan plan = Merges.plan(recipe, root, PlanOptions.DEFAULT)) {
            assertThat(plan.warnings().stream().map(Problem::toString))
                    .containsExactly(
                            "model 'b' has no tokenizer.json (recipe.yml:4:13); its tokens are taken to be those of 'a'");
        }
        Path out = root.resolve("out");
        Merges.run(recipe, root, out, Options.DEFAULT.build());
        assertThat(column(out, EMBEDDING, 3)).containsExactly(15f, 16f, 0f);
    }

    @Test
    void equalVocabulariesAreReadAsTheyAre() throws IOException {
        for (String name : List.of("a", "b")) {
            model(name, embedding(10, 2), wordPiece(List.of("[UNK]", "x")), "{'vocab_size': 2}");
        }
        Recipe recipe = Merges.recipe(LINEAR + "tokenizer: {source: union}\n");
        try (MergePlan plan = Merges.plan(recipe, root, PlanOptions.DEFAULT)) {
            assertThat(plan.vocabulary().orElseThrow().tensors()).isZero();
            assertThat(plan.madeFiles()).isEmpty();
        }
    }

    @Test
    void whatTheRecipeSaysOfTokensIsInThePlansHash() throws IOException {
        model("a", embedding(10, 3), wordPiece(List.of("[UNK]", "x", "y")), "{'vocab_size': 3}");
        model("b", embedding(20, 3), wordPiece(List.of("[UNK]", "y", "z")), "{'vocab_size': 3}");
        List<String> hashes = new ArrayList<>();
        for (String rest :
                List.of(
                        "",
                        "chat_template: chatml",
                        "chat_template: llama3",
                        "tokenizer: {}",
                        "tokenizer: {source: base}",
                        "tokenizer: {tokens: {z: {source: a}}}"
                                .replace("source: a", "source: {kind: zero}"),
                        "tokenizer: {tokens: {z: {source: {kind: model_token, model: a, token_id: 1}}}}",
                        "tokenizer: {tokens: {z: {source: {kind: model_token, model: a, token_id: 2}}}}")) {
            try (MergePlan plan =
                    Merges.plan(Merges.recipe(LINEAR + rest + "\n"), root, PlanOptions.DEFAULT)) {
                hashes.add(plan.hash());
            }
        }
        assertThat(hashes).doesNotHaveDuplicates();
    }

    @Test
    @Tag("one-pass")
    void largeEmbeddingsInAnyPieces() throws IOException {
        int width = 700;
        int rows = 900;
        Random random = new Random(1);
        List<String> names = new ArrayList<>();
        for (int i = 0; i < rows + 200; i++) {
            names.add("t" + i);
        }
        Map<String, float[]> values = new java.util.HashMap<>();
        Map<String, List<String>> vocabularies = new java.util.HashMap<>();
        for (String name : List.of("a", "b")) {
            List<String> tokens = new ArrayList<>(names);
            Collections.shuffle(tokens, random);
            tokens = new ArrayList<>(tokens.subList(0, rows));
            tokens.set(0, "[UNK]");
            float[] embedding = new float[rows * width];
            for (int i = 0; i < embedding.length; i++) {
                embedding[i] = BFloat16.toFloat(BFloat16.fromFloat((float) random.nextGaussian()));
            }
            vocabularies.put(name, tokens);
            values.put(name, embedding);
            TestModel tensors =
                    new TestModel().values(EMBEDDING, DType.BF16, Shape.of(rows, width), embedding);
            model(name, tensors, wordPiece(tokens), "{'vocab_size': " + rows + "}");
        }
        String recipe = LINEAR.replace("dtype: float32\n", "") + "tokenizer: {}\n";
        Path reference = root.resolve("one");
        Merges.run(recipe, root, reference, Options.DEFAULT.threads(1));
        Map<String, Integer> ids = Tokens.ids(reference.resolve("tokenizer.json"));
        byte[] written;
        try (SafetensorsFile file = SafetensorsFile.open(reference.resolve("model.safetensors"))) {
            assertThat(file.tensors().get(EMBEDDING).info())
                    .isEqualTo(new TensorInfo(EMBEDDING, DType.BF16, Shape.of(ids.size(), width)));
            written = file.bytes(EMBEDDING);
        }
        ByteBuffer bytes = ByteBuffer.wrap(written).order(ByteOrder.LITTLE_ENDIAN);
        ids.forEach(
                (token, id) -> {
                    for (int i = 0; i < width; i++) {
                        float sum = 0;
                        int having = 0;
                        for (String name : List.of("a", "b")) {
                            int own = vocabularies.get(name).indexOf(token);
                            if (own >= 0) {
                                sum += values.get(name)[own * width + i];
                                having++;
                            }
                        }
                        assertThat(bytes.getShort((id * width + i) * 2))
                                .isEqualTo(BFloat16.fromFloat(sum / having));
                    }
                });
        Path threads = root.resolve("five");
        Merges.run(recipe, root, threads, Options.DEFAULT.threads(5).memory(400 << 10));
        assertThat(threads.resolve("model.safetensors"))
                .hasSameBinaryContentAs(reference.resolve("model.safetensors"));
    }
}
