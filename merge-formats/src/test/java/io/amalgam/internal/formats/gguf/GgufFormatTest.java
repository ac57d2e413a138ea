package io.amalgam.internal.formats.gguf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.amalgam.checkpoint.Checkpoint;
import io.amalgam.checkpoint.Checkpoint.Quantisation;
import io.amalgam.checkpoint.CheckpointFormat.Match;
import io.amalgam.error.BadInputException;
import io.amalgam.tensor.DType;
import io.amalgam.tensor.Shape;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Which files are models, and what is said of others. */
class GgufFormatTest {
    private static final Path MODELS = Path.of("src/test/resources/golden/gguf/models");
    private static final int F32 = GgmlType.F32.id();

    private final GgufFormat format = new GgufFormat();

    @TempDir Path folder;

    private void refused(Path path, String message) {
        assertThatThrownBy(() -> format.open(path, "m").close())
                .isInstanceOf(BadInputException.class)
                .hasMessage(message.replace("FOLDER", folder.toString()));
    }

    private Path write(String name, GgufBytes bytes) throws IOException {
        return Files.write(folder.resolve(name), bytes.bytes());
    }

    private void copySplit() throws IOException {
        try (Stream<Path> files = Files.list(MODELS.resolve("gguf-split"))) {
            for (Path file : files.toList()) {
                Files.copy(file, folder.resolve(file.getFileName()));
            }
        }
    }

    @Test
    void filesByTheirFirstBytes() throws IOException {
        Path file = write("model", GgufBytes.of(3, 0, 0));
        assertThat(format.match(file)).isEqualTo(Match.BY_CONTENT);
        Files.writeString(file, "GGU");
        assertThat(format.match(file)).isEqualTo(Match.NONE);
        Path named = Files.writeString(folder.resolve("m.gguf"), "");
        assertThat(format.match(named)).isEqualTo(Match.BY_NAME);
        assertThat(format.match(folder.resolve("nothing.gguf"))).isEqualTo(Match.NONE);
    }

    @Test
    void foldersWithoutOtherWeights() throws IOException {
        assertThat(format.match(folder)).isEqualTo(Match.NONE);
        copySplit();
        Files.writeString(folder.resolve("mmproj-model.gguf"), "");
        assertThat(format.match(folder)).isEqualTo(Match.BY_NAME);
        try (Checkpoint model = format.open(folder, "m")) {
            assertThat(model.path()).isEqualTo(folder);
            assertThat(model.tensors()).hasSize(21);
            assertThat(model.weightFiles()).hasSize(3);
        }
        Files.writeString(folder.resolve("model.safetensors"), "");
        assertThat(format.match(folder)).isEqualTo(Match.NONE);
    }

    @Test
    void severalModelsInAFolder() throws IOException {
        copySplit();
        write("other.gguf", GgufBytes.of(3, 0, 0));
        refused(
                folder,
                "folder of model 'm': expected one GGUF model, got mixed-00001-of-00003.gguf, other.gguf ('FOLDER'); give the path of one of them");
    }

    @Test
    void partsThatDoNotFit() throws IOException {
        copySplit();
        Path first = folder.resolve("mixed-00001-of-00003.gguf");
        Path second = folder.resolve("mixed-00002-of-00003.gguf");
        Path third = folder.resolve("mixed-00003-of-00003.gguf");
        refused(
                second,
                "part of a model: expected the first of 3, got 2 ('FOLDER/mixed-00002-of-00003.gguf'); give 'FOLDER/mixed-00001-of-00003.gguf', or the folder");
        Path away = Files.move(first, folder.resolve("away"));
        refused(
                second,
                "part 1 of 3 is missing: 'FOLDER/mixed-00001-of-00003.gguf'; the download is incomplete: get the missing file");
        Files.move(away, first);
        byte[] last = Files.readAllBytes(third);
        Files.delete(third);
        refused(
                first,
                "part 3 of 3 is missing: 'FOLDER/mixed-00003-of-00003.gguf'; the download is incomplete: get the missing file");
        String hint =
                "; parts are named NAME-00001-of-00003.gguf, and all of one model are in one folder";
        Files.copy(second, third);
        refused(
                first,
                "tensor 'blk.0.attn_output.weight': expected in one part, got in two of them ('FOLDER/mixed-00003-of-00003.gguf'); parts of different models are mixed: get them again");
        Files.write(third, last);
        Files.write(second, GgufBytes.of(3, 0, 2).key("split.count", 3).key("split.no", 1).bytes());
        refused(
                first,
                "key 'split.tensors.count': expected 13, got 22 ('FOLDER/mixed-00001-of-00003.gguf')"
                        + hint);
        Files.write(second, GgufBytes.of(3, 0, 1).key("split.count", 4).bytes());
        refused(
                first,
                "key 'split.count': expected 3, got 4 ('FOLDER/mixed-00002-of-00003.gguf')" + hint);
        Path renamed = Files.move(first, folder.resolve("model.gguf"));
        refused(renamed, "key 'split.count': expected 1, got 3 ('FOLDER/model.gguf')" + hint);
        refused(
                write("b-00001-of-00002.gguf", GgufBytes.of(3, 0, 0)),
                "key 'split.count': expected 2, got none ('FOLDER/b-00001-of-00002.gguf')" + hint);
    }

    @Test
    void filesThatAreNoModels() throws IOException {
        String architecture = GgufMetadata.ARCHITECTURE;
        refused(
                write(
                        "a.gguf",
                        GgufBytes.of(3, 0, 2)
                                .key(architecture, "llama")
                                .key("general.type", "adapter")),
                "GGUF file: expected a model, got an adapter ('FOLDER/a.gguf'); give the adapter as PEFT saved it");
        String language = "; give the file with the language model";
        refused(
                write("a.gguf", GgufBytes.of(3, 0, 1).key(architecture, "clip")),
                "GGUF file: expected a model, got the vision part of a model ('FOLDER/a.gguf')"
                        + language);
        refused(
                write("a.gguf", GgufBytes.of(3, 0, 1).key("general.type", "imatrix")),
                "GGUF file: expected a model, got one of type 'imatrix' ('FOLDER/a.gguf')"
                        + language);
        refused(
                write("a.gguf", GgufBytes.of(3, 0, 0)),
                "key 'general.architecture': expected the name of an architecture, got none ('FOLDER/a.gguf'); the file is damaged, or no model");
    }

    @Test
    void tensorsThatDoNotFitTheArchitecture() throws IOException {
        GgufBytes head = GgufBytes.of(3, 1, 1).key(GgufMetadata.ARCHITECTURE, "llama");
        refused(
                write("a.gguf", head.tensor("blk.0.attn_q.scale", F32, 0, 1).data(32, 32)),
                "tensor 'blk.0.attn_q.scale': expected a name of the architecture 'llama', got another one ('FOLDER/a.gguf'); merge the model that this file was made from");
        head = GgufBytes.of(3, 2, 1).key(GgufMetadata.ARCHITECTURE, "llama");
        head.tensor("blk.0.attn_q.weight", F32, 0, 4, 8);
        refused(
                write("a.gguf", head.tensor("blk.0.attn_k.weight", F32, 128, 4, 8).data(32, 256)),
                "key 'llama.attention.head_count': expected the number of heads, got none; the file is damaged, or of another converter: merge the model it was made from");
        for (int heads : new int[] {3, 8, 16}) {
            head =
                    GgufBytes.of(3, 1, 2)
                            .key(GgufMetadata.ARCHITECTURE, "llama")
                            .key("llama.attention.head_count", heads);
            refused(
                    write("a.gguf", head.tensor("blk.0.attn_q.weight", F32, 0, 4, 8).data(32, 128)),
                    "tensor 'blk.0.attn_q.weight': expected %d heads of an even number of rows, got 8 rows"
                            .formatted(heads));
        }
    }

    @Test
    void unknownArchitecturesKeepTheirNames() throws IOException {
        GgufBytes bytes = GgufBytes.of(3, 1, 1).key(GgufMetadata.ARCHITECTURE, "falcon");
        Path file = write("a.gguf", bytes.tensor("blk.0.x", F32, 0, 4).data(32, 16));
        try (Checkpoint model = format.open(file, "m")) {
            assertThat(model.tensors()).containsOnlyKeys("blk.0.x");
            assertThat(model.config()).isEmpty();
            assertThat(model.warnings())
                    .extracting(Object::toString)
                    .containsExactly(
                            "architecture of model 'm': expected one of llama, qwen2, qwen3, gemma2, gemma3, phi3, bert, got 'falcon'; its tensors keep the names and the order that GGUF gives them, and it has no config.json");
        }
    }

    @Test
    void typesOfTheDenseModel() throws IOException {
        for (String name :
                List.of("gguf-llama/llama-f32", "gguf-llama-f16/llama-f16", "gguf-bert/bert-f32")) {
            try (Checkpoint model = format.open(MODELS.resolve(name + ".gguf"), "m")) {
                DType type = name.endsWith("f16") ? DType.F16 : DType.F32;
                assertThat(model.quantisation()).isEmpty();
                assertThat(model.tensors().values())
                        .allSatisfy(tensor -> assertThat(tensor.info().dtype()).isEqualTo(type));
            }
        }
        Path mixture = MODELS.resolve("gguf-q4_k_m/llama-q4_k_m.gguf");
        try (Checkpoint model = format.open(mixture, "m")) {
            assertThat(model.quantisation())
                    .contains(new Quantisation("GGUF Q4_K, Q8_0, Q5_0, Q6_K", true, false));
            assertThat(model.tensors().values())
                    .allSatisfy(tensor -> assertThat(tensor.info().dtype()).isEqualTo(DType.BF16));
        }
    }

    @Test
    void typesThatAreNotRead() throws IOException {
        GgufBytes bytes = GgufBytes.of(3, 1, 1).key(GgufMetadata.ARCHITECTURE, "qwen2");
        int type = GgmlType.IQ2_XXS.id();
        Path file = write("a.gguf", bytes.tensor("output.weight", type, 0, 256, 2).data(32, 132));
        try (Checkpoint model = format.open(file, "m")) {
            assertThat(model.quantisation())
                    .contains(new Quantisation("GGUF IQ2_XXS", false, false));
            assertThat(model.tensors().get("lm_head.weight").info().bytes()).isEqualTo(132);
        }
    }

    @Test
    void filesInTheFolder() throws IOException {
        Path hf = MODELS.resolve("hf-mistral");
        Files.copy(MODELS.resolve("gguf-mistral/mistral-f32.gguf"), folder.resolve("mistral.gguf"));
        for (String name : List.of("config.json", "generation_config.json", "tokenizer.json")) {
            Files.copy(hf.resolve(name), folder.resolve(name));
        }
        try (Checkpoint model = format.open(folder, "m")) {
            assertThat(model.config().orElseThrow().path("model_type").asText())
                    .isEqualTo("mistral");
            assertThat(model.sideFiles())
                    .containsExactlyInAnyOrder(
                            Path.of("generation_config.json"), Path.of("tokenizer.json"));
            assertThat(model.scripts().missingOfTokenizer()).isEmpty();
        }
        try (Checkpoint model = format.open(folder.resolve("mistral.gguf"), "m")) {
            assertThat(model.config().orElseThrow().path("model_type").asText()).isEqualTo("llama");
            assertThat(model.sideFiles())
                    .containsExactly(Path.of("tokenizer.json"), Path.of("tokenizer_config.json"));
        }
        Files.writeString(folder.resolve("config.json"), "{\"model_type\": \"qwen2\"}");
        refused(
                folder,
                "'model_type': expected one of the architecture 'llama', as the GGUF file beside it, got 'qwen2' ('FOLDER/config.json'); put the model's own there, or remove it");
    }

    @Test
    void theTypeThatTheConfigurationNames() throws IOException {
        Files.copy(MODELS.resolve("gguf-q4_k_m/llama-q4_k_m.gguf"), folder.resolve("q.gguf"));
        Files.writeString(
                folder.resolve("config.json"),
                "{\"model_type\": \"llama\", \"dtype\": \"float16\"}");
        try (Checkpoint model = format.open(folder, "m")) {
            assertThat(model.tensors().values())
                    .allSatisfy(tensor -> assertThat(tensor.info().dtype()).isEqualTo(DType.F16));
        }
        Files.delete(folder.resolve("q.gguf"));
        Files.copy(MODELS.resolve("gguf-llama/llama-f32.gguf"), folder.resolve("f.gguf"));
        try (Checkpoint model = format.open(folder, "m")) {
            assertThat(model.config().orElseThrow().toString())
                    .isEqualTo("{\"model_type\":\"llama\",\"dtype\":\"float32\"}");
        }
    }

    @Test
    void experts() throws IOException {
        int q8 = GgmlType.Q8_0.id();
        GgufBytes bytes =
                GgufBytes.of(3, 1, 2)
                        .key(GgufMetadata.ARCHITECTURE, "llama")
                        .key("llama.expert_count", 2)
                        .tensor("blk.0.ffn_up_exps.weight", q8, 0, 32, 3, 2);
        try (Checkpoint model = format.open(write("a.gguf", bytes.data(32, 204)), "m")) {
            String layer = "model.layers.0.block_sparse_moe.experts.";
            assertThat(model.tensors())
                    .containsOnlyKeys(layer + "0.w3.weight", layer + "1.w3.weight");
            assertThat(model.tensors().get(layer + "1.w3.weight").info().shape())
                    .isEqualTo(Shape.of(3, 32));
        }
        bytes =
                GgufBytes.of(3, 1, 2)
                        .key(GgufMetadata.ARCHITECTURE, "llama")
                        .key("llama.expert_count", 3)
                        .tensor("blk.0.ffn_up_exps.weight", q8, 0, 32, 3, 2);
        refused(
                write("a.gguf", bytes.data(32, 204)),
                "tensor 'blk.0.ffn_up_exps.weight': expected the matrices of 3 experts, got [2, 3, 32]");
    }

    /** One bit of a key would give rows in another order. */
    @Test
    void headsThatTheKeysPromise() throws IOException {
        for (String kind : List.of("llama", "qwen2")) {
            refused(
                    write("a.gguf", heads(kind, 4, 2, 8)),
                    "tensor 'blk.0.attn_k.weight': expected 2 heads of 2 rows, as the keys say, got 8 rows; the file is damaged: get it again");
            refused(
                    write("a.gguf", heads(kind, 4, 8, 8)),
                    "tensor 'blk.0.attn_k.weight': expected 8 heads of 2 rows, as the keys say, got 8 rows; the file is damaged: get it again");
            refused(
                    write("a.gguf", heads(kind, 4, 0, 4)),
                    "tensor 'blk.0.attn_k.weight': expected 4 heads of 2 rows, as the keys say, got 4 rows; the file is damaged: get it again");
            format.open(write("a.gguf", heads(kind, 4, 2, 4)), "m").close();
            format.open(write("a.gguf", heads(kind, 4, 0, 8)), "m").close();
        }
    }

    /**
     * @param pairs heads of keys; 0 leaves the key out
     */
    private static GgufBytes heads(String kind, int heads, int pairs, int rows) {
        GgufBytes bytes =
                GgufBytes.of(3, 1, pairs > 0 ? 4 : 3)
                        .key(GgufMetadata.ARCHITECTURE, kind)
                        .key(kind + ".embedding_length", 8)
                        .key(kind + ".attention.head_count", heads);
        if (pairs > 0) {
            bytes.key(kind + ".attention.head_count_kv", pairs);
        }
        return bytes.tensor("blk.0.attn_k.weight", F32, 0, 8, rows).data(32, 32 * rows);
    }

    @Test
    void numbersThatAreNone() throws IOException {
        GgufBytes bytes =
                GgufBytes.of(3, 1, 2)
                        .key(GgufMetadata.ARCHITECTURE, "llama")
                        .text("llama.attention.layer_norm_rms_epsilon")
                        .u32(6)
                        .u32(Float.floatToRawIntBits(Float.NaN))
                        .tensor("output_norm.weight", F32, 0, 4);
        refused(
                write("a.gguf", bytes.data(32, 16)),
                "key 'llama.attention.layer_norm_rms_epsilon': expected a finite number, got NaN; the file is damaged: get it again");
    }

    @Test
    void layersThatTheKeysPromise() throws IOException {
        for (String[] one :
                new String[][] {
                    {"blk.0.attn_norm.weight", "1"},
                    {"blk.1.attn_norm.weight", "others than from 0 on"}
                }) {
            GgufBytes bytes =
                    GgufBytes.of(3, 1, 2)
                            .key(GgufMetadata.ARCHITECTURE, "qwen2")
                            .key("qwen2.block_count", 2)
                            .tensor(one[0], F32, 0, 4);
            refused(
                    write("a.gguf", bytes.data(32, 16)),
                    "layers of model 'm': expected 2, as key 'qwen2.block_count' says, got "
                            + one[1]
                            + "; the file is damaged or incomplete: get it again");
        }
    }
}
