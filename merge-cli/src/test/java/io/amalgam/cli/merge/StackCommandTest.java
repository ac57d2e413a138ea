package io.amalgam.cli.merge;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.amalgam.cli.Cli;
import io.amalgam.cli.Models;
import io.amalgam.formats.safetensors.NamedTensor;
import io.amalgam.formats.safetensors.SafetensorsFile;
import io.amalgam.internal.kernel.ScalarKernels;
import io.amalgam.kernel.Workspace;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class StackCommandTest {
    @TempDir Path temp;

    private Path model;

    /** Tensors of layer {@code i} are all {@code i + 1}, those outside of layers 100 and 200. */
    @BeforeEach
    void model() throws IOException {
        model = write("m", 4, 0, true);
    }

    private Path write(String name, int layers, float add, boolean head) throws IOException {
        List<NamedTensor> tensors = new ArrayList<>();
        tensors.add(Models.filled("model.embed_tokens.weight", 100 + add, 6, 4));
        for (int i = 0; i < layers; i++) {
            String layer = "model.layers." + i + ".";
            tensors.add(Models.filled(layer + "self_attn.o_proj.weight", i + 1 + add, 4, 4));
            tensors.add(Models.filled(layer + "mlp.up_proj.weight", i + 1 + add, 8, 4));
            tensors.add(Models.filled(layer + "mlp.down_proj.weight", i + 1 + add, 4, 8));
        }
        tensors.add(Models.filled("model.norm.weight", 200 + add, 4));
        if (head) {
            tensors.add(Models.filled("lm_head.weight", 200 + add, 6, 4));
        }
        return Models.write(
                temp.resolve(name),
                tensors,
                "{\"num_hidden_layers\": " + layers + ", \"tie_word_embeddings\": " + !head + "}");
    }

    /** Means of layers that see everything with layers that see a window. */
    @Test
    void averagedLayersOfBothKindsAreWarnedOf() throws IOException {
        Files.writeString(
                model.resolve("config.json"),
                "{\"num_hidden_layers\": 4, \"tie_word_embeddings\": false, \"use_sliding_window\": true, \"sliding_window\": 5, \"max_window_layers\": 2}");
        Object[] words = {"upscale", model, temp.resolve("plain"), "--layers", 6};
        Cli plain = Cli.run(words);
        assertThat(plain.exit()).isZero();
        assertThat(plain.err()).doesNotContain("warning");

        Object[] averaged = {
            "upscale", model, temp.resolve("averaged"), "--layers", 6, "--average-overlap"
        };
        assertThat(Cli.run(averaged).err())
                .contains(
                        "warning: what layer 2 of the output (and 1 more layer) sees: expected everything as a layer it is made of, got the latest 5 tokens");
    }

    /** The first value of every tensor. */
    private static Map<String, Float> values(Path directory) throws IOException {
        Map<String, Float> values = new TreeMap<>();
        Workspace workspace = new Workspace(ScalarKernels.INSTANCE, 16);
        try (SafetensorsFile file = SafetensorsFile.open(directory.resolve("model.safetensors"))) {
            for (var tensor : file.tensors().entrySet()) {
                float[] first = new float[1];
                tensor.getValue().read(0, 1, first, 0, workspace);
                values.put(tensor.getKey(), first[0]);
            }
        }
        return values;
    }

    private static List<Float> layers(Path directory, String suffix) throws IOException {
        Map<String, Float> values = values(directory);
        List<Float> layers = new ArrayList<>();
        while (values.containsKey("model.layers." + layers.size() + "." + suffix)) {
            layers.add(values.get("model.layers." + layers.size() + "." + suffix));
        }
        return layers;
    }

    private static JsonNode config(Path directory) throws IOException {
        return new ObjectMapper().readTree(directory.resolve("config.json").toFile());
    }

    @Test
    void stacksWhatIsAskedFor() throws IOException {
        Path other = write("other", 3, 10, true);
        Path out = temp.resolve("out");

        Cli result = Cli.run("stack", model + ":0-2", other + ":1", model + ":1-1", other, out);

        assertThat(result.errors()).isEmpty();
        assertThat(result.exit()).isZero();
        assertThat(layers(out, "mlp.up_proj.weight"))
                .containsExactly(1f, 2f, 3f, 12f, 2f, 11f, 12f, 13f);
        assertThat(values(out))
                .containsEntry("model.embed_tokens.weight", 100f)
                .containsEntry("model.norm.weight", 210f)
                .containsEntry("lm_head.weight", 210f);
        assertThat(config(out).path("num_hidden_layers").asInt()).isEqualTo(8);
    }

    @Test
    void stacksOnePartOfSeveral() throws IOException {
        Path t5 = Models.encoderDecoder(temp.resolve("t5"), 3, 2, 1);
        Path other = Models.encoderDecoder(temp.resolve("t5-other"), 3, 2, 11);
        Path out = temp.resolve("out");

        Cli result = Cli.run("stack", t5 + ":1", other, out, "--module", "decoder");

        assertThat(result.errors()).isEmpty();
        assertThat(result.exit()).isZero();
        assertThat(values(out))
                .hasSize(1 + 5 + 5)
                .containsEntry("decoder.block.0.layer.0.o.weight", 2f)
                .containsEntry("decoder.block.0.layer.0.relative_attention_bias", 51f)
                .containsEntry("decoder.block.1.layer.0.o.weight", 11f)
                .containsEntry("decoder.block.2.layer.0.o.weight", 12f)
                .containsEntry("decoder.final_layer_norm.weight", 11f)
                .containsEntry("encoder.block.2.layer.0.o.weight", 3f)
                .containsEntry("shared.weight", 1f);
        assertThat(config(out).path("num_layers").asInt()).isEqualTo(3);
        assertThat(config(out).path("num_decoder_layers").asInt()).isEqualTo(3);
    }

    @Test
    void makesOnePartDeeper() throws IOException {
        Path t5 = Models.encoderDecoder(temp.resolve("t5"), 4, 2, 1);
        Path out = temp.resolve("out");

        Cli result =
                Cli.run(
                        "upscale",
                        t5,
                        out,
                        "--layers",
                        6,
                        "--average-overlap",
                        "--module",
                        "encoder");

        assertThat(result.exit()).isZero();
        assertThat(values(out))
                .hasSize(1 + 8 + 4)
                // 0, 1, mean of 2 and 0, mean of 3 and 1, 2, 3
                .containsEntry("encoder.block.2.layer.0.o.weight", 2f)
                .containsEntry("encoder.block.5.layer.0.o.weight", 4f)
                .containsEntry("decoder.block.1.layer.0.o.weight", 2f)
                .doesNotContainKey("encoder.block.2.layer.0.relative_attention_bias");
        assertThat(config(out).path("num_layers").asInt()).isEqualTo(6);
        Path again = temp.resolve("again");
        Cli.run("merge", out.resolve("amalgam-recipe.yml"), again);
        assertThat(again.resolve("model.safetensors"))
                .hasSameBinaryContentAs(out.resolve("model.safetensors"));
    }

    @Test
    void theRecipeBesideTheModelGivesTheSameModel() throws IOException {
        Path out = temp.resolve("out");
        Path again = temp.resolve("again");
        Cli.run("upscale", model, out, "--layers", 6, "--damp", 0.5);

        Cli result = Cli.run("merge", out.resolve("amalgam-recipe.yml"), again);

        assertThat(result.exit()).isZero();
        assertThat(again.resolve("model.safetensors"))
                .hasSameBinaryContentAs(out.resolve("model.safetensors"));
    }

    @Test
    void aTiedHeadIsWrittenWhereTheEmbeddingIsAnotherModels() throws IOException {
        Path tied = write("tied", 2, 10, false);
        Path out = temp.resolve("out");

        assertThat(Cli.run("stack", model + ":0-1", tied + ":1", out).exit()).isZero();

        assertThat(values(out)).containsEntry("lm_head.weight", 110f);
        assertThat(config(out).path("tie_word_embeddings").asBoolean()).isFalse();

        Path back = temp.resolve("back");
        assertThat(Cli.run("stack", tied + ":0", tied + ":0-1", back).exit()).isZero();
        assertThat(values(back)).doesNotContainKey("lm_head.weight");
        assertThat(config(back).path("tie_word_embeddings").asBoolean()).isTrue();
    }

    @Test
    void upscales() throws IOException {
        Path out = temp.resolve("out");

        Cli result = Cli.run("upscale", model, out, "--layers", 6);

        assertThat(result.exit()).isZero();
        assertThat(result.err()).contains("continued training");
        assertThat(layers(out, "mlp.down_proj.weight")).containsExactly(1f, 2f, 3f, 2f, 3f, 4f);
        assertThat(config(out).path("num_hidden_layers").asInt()).isEqualTo(6);
    }

    @Test
    void averagesOverlaps() throws IOException {
        Path out = temp.resolve("out");

        Cli result = Cli.run("upscale", model, out, "--overlap", 2, "--average-overlap", "--quiet");

        assertThat(result.exit()).isZero();
        assertThat(result.err()).isEmpty();
        assertThat(layers(out, "mlp.up_proj.weight")).containsExactly(1f, 2f, 2f, 3f, 3f, 4f);
        assertThat(values(out)).containsEntry("model.norm.weight", 200f);
    }

    @Test
    void dampsWhatRepeatedLayersAdd() throws IOException {
        Path out = temp.resolve("out");
        assertThat(Cli.run("upscale", model, out, "--layers", 6, "--damp", 0.5).exit()).isZero();
        assertThat(layers(out, "mlp.down_proj.weight")).containsExactly(1f, 2f, 3f, 1f, 1.5f, 4f);
        assertThat(layers(out, "self_attn.o_proj.weight"))
                .containsExactly(1f, 2f, 3f, 1f, 1.5f, 4f);
        assertThat(layers(out, "mlp.up_proj.weight")).containsExactly(1f, 2f, 3f, 2f, 3f, 4f);

        Path averaged = temp.resolve("averaged");
        Cli.run("upscale", model, averaged, "--layers", 6, "--damp", 0, "--average-overlap");
        assertThat(layers(averaged, "mlp.down_proj.weight"))
                .containsExactly(1f, 2f, 2f, 3f, 0f, 0f);
        assertThat(layers(averaged, "mlp.up_proj.weight")).containsExactly(1f, 2f, 2f, 3f, 3f, 4f);
    }

    /** The shape of Goliath: 72 and 72 of the 80 layers of two models of 69 thousand million. */
    @Test
    void plansAStackOfGiants() throws IOException {
        for (String name : List.of("x", "y")) {
            giant(temp.resolve(name), 80);
        }

        Path recipe =
                Models.recipe(
                        temp,
                        """
                        merge_method: passthrough
                        slices:
                          - sources: [{model: x, layer_range: [0, 72]}]
                          - sources: [{model: y, layer_range: [8, 80]}]
                        """);

        Cli result = Cli.run("plan", recipe, "--json");

        assertThat(result.errors()).isEmpty();
        JsonNode plan = result.json();
        long layer = 2L * 8192 * 8192 + 2L * 1024 * 8192 + 3L * 28672 * 8192 + 2L * 8192;
        long parameters = 144 * layer + 2L * 32000 * 8192 + 8192;
        assertThat(parameters).isEqualTo(123_738_529_792L);
        assertThat(plan.path("parameters").asLong()).isEqualTo(parameters);
        assertThat(plan.path("tensors").asInt()).isEqualTo(144 * 9 + 3);
        assertThat(plan.path("bytes_read").asLong()).isEqualTo(2 * parameters);
        assertThat(plan.path("bytes_written").asLong())
                .isBetween(2 * parameters, 2 * parameters + (1 << 20));
        assertThat(plan.path("bytes_held").asLong()).isLessThan(16 << 20);
        assertThat(plan.path("layers").path(0).path("count").asInt()).isEqualTo(144);
        assertThat(plan.path("files")).hasSize(52);
    }

    /** A header with nothing behind it: the file system keeps no zeros. */
    private static void giant(Path directory, int layers) throws IOException {
        Files.createDirectories(directory);
        Map<String, long[]> shapes = new TreeMap<>();
        shapes.put("model.embed_tokens.weight", new long[] {32000, 8192});
        for (int i = 0; i < layers; i++) {
            String layer = "model.layers." + i + ".";
            shapes.put(layer + "input_layernorm.weight", new long[] {8192});
            shapes.put(layer + "post_attention_layernorm.weight", new long[] {8192});
            shapes.put(layer + "self_attn.q_proj.weight", new long[] {8192, 8192});
            shapes.put(layer + "self_attn.k_proj.weight", new long[] {1024, 8192});
            shapes.put(layer + "self_attn.v_proj.weight", new long[] {1024, 8192});
            shapes.put(layer + "self_attn.o_proj.weight", new long[] {8192, 8192});
            shapes.put(layer + "mlp.gate_proj.weight", new long[] {28672, 8192});
            shapes.put(layer + "mlp.up_proj.weight", new long[] {28672, 8192});
            shapes.put(layer + "mlp.down_proj.weight", new long[] {8192, 28672});
        }
        shapes.put("model.norm.weight", new long[] {8192});
        shapes.put("lm_head.weight", new long[] {32000, 8192});
        StringBuilder header = new StringBuilder("{");
        long at = 0;
        for (Map.Entry<String, long[]> tensor : shapes.entrySet()) {
            long bytes = 2;
            StringBuilder dims = new StringBuilder();
            for (long dim : tensor.getValue()) {
                bytes *= dim;
                dims.append(dims.length() == 0 ? "" : ",").append(dim);
            }
            header.append(header.length() == 1 ? "" : ",")
                    .append(
                            "\"%s\":{\"dtype\":\"BF16\",\"shape\":[%s],\"data_offsets\":[%d,%d]}"
                                    .formatted(tensor.getKey(), dims, at, at + bytes));
            at += bytes;
        }
        byte[] text = header.append("}").toString().getBytes(StandardCharsets.UTF_8);
        ByteBuffer start = ByteBuffer.allocate(8 + text.length).order(ByteOrder.LITTLE_ENDIAN);
        start.putLong(text.length).put(text).flip();
        try (FileChannel file =
                FileChannel.open(
                        directory.resolve("model.safetensors"),
                        StandardOpenOption.CREATE_NEW,
                        StandardOpenOption.SPARSE,
                        StandardOpenOption.WRITE)) {
            long end = start.remaining() + at;
            file.write(start, 0);
            file.write(ByteBuffer.allocate(1), end - 1);
        }
        Files.writeString(
                directory.resolve("config.json"),
                "{\"num_hidden_layers\": " + layers + ", \"tie_word_embeddings\": false}");
    }
}
