package io.amalgam.cli.merge;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.amalgam.cli.Cli;
import io.amalgam.cli.Models;
import io.amalgam.formats.safetensors.NamedTensor;
import io.amalgam.formats.safetensors.SafetensorsFile;
import io.amalgam.tensor.Shape;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class MoeCommandTest {
    private static final int WIDTH = 8;

    @TempDir Path temp;

    /** A dense model of four layers with the tensors of its type. */
    private Path dense(String name, String type, int inner) throws IOException {
        Random random = new Random(name.hashCode());
        List<NamedTensor> tensors = new ArrayList<>();
        tensors.add(random(random, "model.embed_tokens.weight", 12, WIDTH));
        for (int i = 0; i < 4; i++) {
            String layer = "model.layers." + i + ".";
            for (String projection : List.of("q", "k", "v", "o")) {
                String module = layer + "self_attn." + projection + "_proj.";
                tensors.add(random(random, module + "weight", WIDTH, WIDTH));
                if (type.equals("qwen2") && !projection.equals("o")) {
                    tensors.add(random(random, module + "bias", WIDTH));
                }
            }
            if (type.equals("qwen3")) {
                tensors.add(random(random, layer + "self_attn.q_norm.weight", 4));
                tensors.add(random(random, layer + "self_attn.k_norm.weight", 4));
            }
            tensors.add(random(random, layer + "input_layernorm.weight", WIDTH));
            tensors.add(random(random, layer + "post_attention_layernorm.weight", WIDTH));
            tensors.add(random(random, layer + "mlp.gate_proj.weight", inner, WIDTH));
            tensors.add(random(random, layer + "mlp.up_proj.weight", inner, WIDTH));
            tensors.add(random(random, layer + "mlp.down_proj.weight", WIDTH, inner));
        }
        tensors.add(random(random, "model.norm.weight", WIDTH));
        return Models.write(
                temp.resolve(name),
                tensors,
                "{\"model_type\": \"%s\", \"hidden_size\": 8, \"intermediate_size\": %d, \"num_attention_heads\": 2, \"num_hidden_layers\": 4}"
                        .formatted(type, inner));
    }

    private static NamedTensor random(Random random, String name, long... dims) {
        Shape shape = Shape.of(dims);
        float[] values = new float[(int) shape.elements()];
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) random.nextGaussian();
        }
        return NamedTensor.ofFloats(name, shape, values);
    }

    private static JsonNode config(Path directory) throws IOException {
        return new ObjectMapper().readTree(directory.resolve("config.json").toFile());
    }

    private static float[] floats(Path directory, String name) throws IOException {
        try (SafetensorsFile file = SafetensorsFile.open(directory.resolve("model.safetensors"))) {
            return file.floats(name);
        }
    }

    private static List<String> names(Path directory) throws IOException {
        try (SafetensorsFile file = SafetensorsFile.open(directory.resolve("model.safetensors"))) {
            return List.copyOf(file.tensors().keySet());
        }
    }

    @Test
    void upcyclesEveryLayer() throws IOException {
        Path model = dense("m", "llama", 16);
        Path out = temp.resolve("out");

        Cli result =
                Cli.run(
                        "moe",
                        "upcycle",
                        model,
                        out,
                        "--experts",
                        4,
                        "--top-k",
                        1,
                        "--layout",
                        "fused");

        assertThat(result.errors()).isEmpty();
        assertThat(result.exit()).isZero();
        assertThat(result.err()).contains("continued training");
        float[] gateUp = floats(out, "model.layers.2.mlp.experts.gate_up_proj");
        float[] gate = floats(model, "model.layers.2.mlp.gate_proj.weight");
        float[] up = floats(model, "model.layers.2.mlp.up_proj.weight");
        for (int e = 0; e < 4; e++) {
            for (int i = 0; i < gate.length; i++) {
                assertThat(gateUp[2 * e * gate.length + i]).isEqualTo(gate[i]);
                assertThat(gateUp[(2 * e + 1) * gate.length + i]).isEqualTo(up[i]);
            }
        }
        assertThat(config(out).path("model_type").asText()).isEqualTo("mixtral");
        assertThat(config(out).path("num_local_experts").asInt()).isEqualTo(4);
        assertThat(config(out).path("num_experts_per_tok").asInt()).isEqualTo(1);
        assertThat(config(out).path("tie_word_embeddings").asBoolean()).isTrue();
        float[] router = floats(out, "model.layers.0.mlp.gate.weight");
        assertThat(router)
                .hasSize(4 * WIDTH)
                .isNotEqualTo(floats(out, "model.layers.1.mlp.gate.weight"));
        double squares = 0;
        for (float value : router) {
            squares += value * value;
        }
        assertThat(Math.sqrt(squares / router.length)).isBetween(0.01, 0.04);
    }

    @Test
    void upcyclesOneInTwoLayersWithAShareThatBeginsSilent() throws IOException {
        Path model = dense("m", "llama", 16);
        Path out = temp.resolve("out");

        Cli result = Cli.run("moe", "upcycle", model, out, "--every", 2, "--noise-scale", 0.5);

        assertThat(result.errors()).isEmpty();
        assertThat(config(out).path("model_type").asText()).isEqualTo("qwen2_moe");
        assertThat(config(out).path("decoder_sparse_step").asInt()).isEqualTo(2);
        assertThat(names(out))
                .contains(
                        "model.layers.0.mlp.gate_proj.weight",
                        "model.layers.1.mlp.experts.7.up_proj.weight",
                        "model.layers.3.mlp.shared_expert_gate.weight",
                        "model.layers.0.self_attn.q_proj.bias")
                .doesNotContain(
                        "model.layers.1.mlp.gate_proj.weight",
                        "model.layers.0.mlp.gate.weight",
                        "model.layers.0.self_attn.o_proj.bias");
        assertThat(floats(out, "model.layers.1.mlp.shared_expert.down_proj.weight"))
                .containsOnly(0);
        assertThat(floats(out, "model.layers.0.self_attn.k_proj.bias")).containsOnly(0);
        float[] first = floats(out, "model.layers.1.mlp.experts.0.up_proj.weight");
        float[] own = floats(model, "model.layers.1.mlp.up_proj.weight");
        assertThat(first).isNotEqualTo(floats(out, "model.layers.1.mlp.experts.1.up_proj.weight"));
        double squares = 0;
        for (int i = 0; i < own.length; i++) {
            squares += (first[i] - own[i]) * (first[i] - own[i]);
        }
        assertThat(Math.sqrt(squares / own.length)).isBetween(0.35, 0.65);
    }

    @Test
    void upcyclesQwen() throws IOException {
        Path three = dense("three", "qwen3", 16);
        Path out = temp.resolve("out3");
        assertThat(Cli.run("moe", "upcycle", three, out, "--layout", "per-expert").exit()).isZero();
        assertThat(config(out).path("model_type").asText()).isEqualTo("qwen3_moe");
        assertThat(names(out))
                .contains(
                        "model.layers.0.mlp.experts.3.gate_proj.weight",
                        "model.layers.0.self_attn.q_norm.weight")
                .noneMatch(name -> name.contains("shared"));

        Path two = dense("two", "qwen2", 16);
        Path out2 = temp.resolve("out2");
        assertThat(Cli.run("moe", "upcycle", two, out2, "--layout", "fused").exit()).isZero();
        assertThat(config(out2).path("architectures").path(0).asText())
                .isEqualTo("Qwen2MoeForCausalLM");
        assertThat(floats(out2, "model.layers.0.self_attn.q_proj.bias"))
                .isEqualTo(floats(two, "model.layers.0.self_attn.q_proj.bias"));
        assertThat(floats(out2, "model.layers.3.mlp.experts.down_proj")).hasSize(8 * 8 * 16);
    }

    @Test
    void tensorsWithoutAPlaceAreCounted() throws IOException {
        Path model = dense("m", "qwen3", 16);
        Path file = model.resolve("config.json");
        Files.writeString(file, Files.readString(file).replace("qwen3", "mistral"));

        assertThat(Cli.run("moe", "upcycle", model, temp.resolve("out")).errors())
                .containsExactly(
                        "error: 8 tensors of '"
                                + model
                                + "' have no place in a Mixtral model: 'model.layers.0.self_attn.k_norm.weight', 'model.layers.0.self_attn.q_norm.weight', ...; give a model of an architecture that has no such tensors");
    }

    /** What an upcycled model attends to is what the model attended to. */
    @Test
    void upcyclingKeepsWindowsOfAttention() throws IOException {
        Path mistral = dense("mistral", "mistral", 16);
        settings(mistral, "\"sliding_window\": 5");
        assertThat(upcycled(mistral, "1").path("sliding_window").asInt()).isEqualTo(5);
        JsonNode every = upcycled(mistral, "2");
        assertThat(every.path("use_sliding_window").asBoolean()).isTrue();
        assertThat(every.path("sliding_window").asInt()).isEqualTo(5);
        assertThat(every.path("layer_types").toString())
                .isEqualTo("[%1$s,%1$s,%1$s,%1$s]".formatted("\"sliding_attention\""));

        Path qwen = dense("qwen", "qwen2", 16);
        settings(qwen, "\"sliding_window\": 5, \"max_window_layers\": 3");
        assertThat(upcycled(qwen, "1").path("use_sliding_window").asBoolean()).isFalse();
        settings(qwen, "\"use_sliding_window\": true");
        JsonNode last = upcycled(qwen, "4");
        assertThat(last.path("use_sliding_window").asBoolean()).isTrue();
        assertThat(last.path("layer_types").toString())
                .isEqualTo(
                        "[%1$s,%1$s,%1$s,%2$s]"
                                .formatted("\"full_attention\"", "\"sliding_attention\""));
        String types =
                "[%2$s,%1$s,%1$s,%2$s]".formatted("\"full_attention\"", "\"sliding_attention\"");
        settings(qwen, "\"layer_types\": " + types);
        assertThat(upcycled(qwen, "3").path("layer_types").toString()).isEqualTo(types);
    }

    @Test
    void windowsThatAreNoNumbersAreRefused() throws IOException {
        Path qwen = dense("qwen", "qwen2", 16);
        settings(qwen, "\"sliding_window\": \"5\", \"use_sliding_window\": true");
        assertThat(Cli.run("moe", "upcycle", qwen, temp.resolve("out")).errors())
                .singleElement()
                .asString()
                .contains("'sliding_window'", "expected a whole number from 1 up, got \"5\"");

        Path text = dense("text", "qwen2", 16);
        settings(text, "\"sliding_window\": 5, \"use_sliding_window\": \"false\"");
        assertThat(Cli.run("moe", "upcycle", text, temp.resolve("out")).errors())
                .singleElement()
                .asString()
                .contains("'use_sliding_window'", "expected true or false, got \"false\"");

        Path mistral = dense("mistral", "mistral", 16);
        settings(mistral, "\"sliding_window\": 99999999999");
        assertThat(Cli.run("moe", "upcycle", mistral, temp.resolve("out")).errors())
                .singleElement()
                .asString()
                .contains("'sliding_window'", "got 99999999999");
    }

    /** Qwen3 MoE has windows in every layer or in none, DeepSeek has none. */
    @Test
    void windowsThatAMixtureCannotHaveAreWarnedOf() throws IOException {
        Path qwen = dense("qwen", "qwen3", 16);
        settings(qwen, "\"sliding_window\": 5, \"max_window_layers\": 3");
        assertThat(windowWarnings(qwen)).isEmpty();
        settings(qwen, "\"use_sliding_window\": true");
        assertThat(windowWarnings(qwen))
                .containsExactly(
                        "warning: layers that see the latest 5 tokens only: expected 1 of 4 as in '"
                                + qwen
                                + "', got all: all layers of a Qwen3 MoE model are of one kind; longer texts are read differently until the mixture is trained; 'use_sliding_window: false' in the output's config.json lets all layers see everything");
        String types = "[%1$s,%1$s,%1$s,%1$s]";
        settings(qwen, "\"layer_types\": " + types.formatted("\"sliding_attention\""));
        assertThat(windowWarnings(qwen)).isEmpty();

        Path full = dense("full", "qwen3", 16);
        settings(full, "\"sliding_window\": 5, \"use_sliding_window\": true");
        assertThat(windowWarnings(full)).isEmpty();
        assertThat(config(temp.resolve("full-windows")).path("use_sliding_window").asBoolean())
                .isFalse();

        Path mistral = dense("mistral", "mistral", 16);
        settings(mistral, "\"sliding_window\": 5");
        assertThat(windowWarnings(mistral)).isEmpty();
        assertThat(windowWarnings(mistral, "--architecture", "deepseek"))
                .singleElement()
                .asString()
                .contains("expected 4 of 4", "got none", "a DeepSeek");
    }

    private List<String> windowWarnings(Path model, Object... more) {
        List<Object> words = new ArrayList<>(List.of("moe", "upcycle", model));
        words.add(temp.resolve(model.getFileName() + "-windows"));
        words.add("--overwrite");
        words.addAll(List.of(more));
        Cli result = Cli.run(words.toArray());
        assertThat(result.errors()).isEmpty();
        return result.err().lines().filter(line -> line.startsWith("warning: ")).toList();
    }

    private static void settings(Path model, String more) throws IOException {
        Path file = model.resolve("config.json");
        Files.writeString(file, Files.readString(file).replaceFirst("\\{", "{" + more + ", "));
    }

    private JsonNode upcycled(Path model, String every) throws IOException {
        Path out = temp.resolve(model.getFileName() + "-" + every);
        Cli result = Cli.run("moe", "upcycle", model, out, "--every", every);
        assertThat(result.errors()).isEmpty();
        return config(out);
    }

    @Test
    void noiseIsNoLessThanNoneAndIsSaid() throws IOException {
        Path model = dense("m", "llama", 16);
        Path out = temp.resolve("out");
        assertThat(Cli.run("moe", "upcycle", model, out, "--noise-scale", -1).errors())
                .singleElement()
                .asString()
                .contains("a finite number from 0 up");
        assertThat(Cli.run("moe", "upcycle", model, out, "--experts", 5000).errors())
                .singleElement()
                .asString()
                .contains("expected at most 4096, got 5000");
        assertThat(Cli.run("moe", "upcycle", model, out, "--noise-scale", 0.5).err())
                .contains("but for the noise");
    }

    @Test
    void threadsAndMemoryChangeNothing() throws IOException {
        Path model = dense("m", "llama", 700);
        Path one = temp.resolve("one");
        Path two = temp.resolve("two");
        Object[] noisy = {"moe", "upcycle", model, one, "--noise-scale", 0.1, "-j", 1};
        assertThat(Cli.run(noisy).exit()).isZero();
        Object[] small = {
            "moe", "upcycle", model, two, "--noise-scale", 0.1, "-j", 3, "--memory", "2M"
        };
        assertThat(Cli.run(small).exit()).isZero();
        assertThat(one.resolve("model.safetensors"))
                .hasSameBinaryContentAs(two.resolve("model.safetensors"));
    }

    @Test
    void fusedTensorsOfMoreThanABlock() throws IOException {
        Path model = dense("m", "llama", 1001);
        Path out = temp.resolve("out");

        assertThat(
                        Cli.run("moe", "upcycle", model, out, "--experts", 3, "--layout", "fused")
                                .exit())
                .isZero();

        float[] gate = floats(model, "model.layers.3.mlp.gate_proj.weight");
        float[] up = floats(model, "model.layers.3.mlp.up_proj.weight");
        float[] all = floats(out, "model.layers.3.mlp.experts.gate_up_proj");
        assertThat(all).hasSize(6 * gate.length);
        for (int part = 0; part < 6; part++) {
            float[] own =
                    java.util.Arrays.copyOfRange(all, part * gate.length, (part + 1) * gate.length);
            assertThat(own).isEqualTo(part % 2 == 0 ? gate : up);
        }
    }

    @Test
    void randomGatesAreOfTheirKind() throws IOException {
        dense("base", "llama", 16);
        String config =
                """
                base_model: base
                gate_mode: MODE
                experts: [{source_model: base}, {source_model: base}]
                """;
        assertThat(moe(config.replace("MODE", "uniform_random")).exit()).isZero();
        float bound = (float) (1 / Math.sqrt(WIDTH));
        for (float value : floats(temp.resolve("out"), "model.layers.0.mlp.gate.weight")) {
            assertThat(Math.abs(value)).isLessThanOrEqualTo(bound);
        }
        Path normal = temp.resolve("normal");
        Cli.run("moe", temp.resolve("moe.yml"), normal, "--random-seed", 1, "--layout", "fused");
        Files.writeString(temp.resolve("moe.yml"), config.replace("MODE", "random"));
        Path wide = temp.resolve("wide");
        assertThat(Cli.run("moe", temp.resolve("moe.yml"), wide, "--layout", "fused").exit())
                .isZero();
        double squares = 0;
        int count = 0;
        for (int layer = 0; layer < 4; layer++) {
            for (float value : floats(wide, "model.layers." + layer + ".mlp.gate.weight")) {
                squares += value * value;
                count++;
            }
        }
        assertThat(Math.sqrt(squares / count)).isBetween(0.7, 1.3);
        assertThat(floats(normal, "model.layers.0.mlp.gate.weight"))
                .isNotEqualTo(floats(temp.resolve("out"), "model.layers.0.mlp.gate.weight"));
    }

    @Test
    void mergekitMoesOptionsAreTaken() throws IOException {
        dense("base", "llama", 16);
        Path config =
                Files.writeString(
                        temp.resolve("moe.yml"),
                        "base_model: base\ngate_mode: random\nexperts: [{source_model: base}, {source_model: base}]\n");
        Path out = temp.resolve("out");
        Cli result = Cli.run("moe", config, out, "--device", "cuda", "--load-in-4bit");
        assertThat(result.exit()).isZero();
        assertThat(result.err()).contains("--load-in-4bit has no effect");
        assertThat(floats(out, "model.layers.0.block_sparse_moe.experts.1.w1.weight"))
                .isEqualTo(floats(temp.resolve("base"), "model.layers.0.mlp.gate_proj.weight"));
    }

    private Cli moe(String text) throws IOException {
        Path config = Files.writeString(temp.resolve("moe.yml"), text);
        return Cli.run("moe", config, temp.resolve("out"), "--layout", "fused");
    }

    @Test
    void qwenFromPromptsGivesTheSharedExpertARowOfItsOwn() throws IOException {
        Path base = dense("base", "qwen2", 16);
        settings(base, "\"num_key_value_heads\": 2");
        settings(dense("other", "qwen2", 16), "\"num_key_value_heads\": 2");
        Files.writeString(
                base.resolve("tokenizer.json"),
                """
                {"model": {"type": "BPE", "vocab": {"a": 0, "b": 1, "c": 2}, "merges": []}}
                """);
        Cli result =
                moe(
                        """
                        base_model: base
                        gate_mode: hidden
                        experts:
                          - {source_model: base, positive_prompts: [ab]}
                          - {source_model: other, positive_prompts: [cba, "b"], negative_prompts: [a]}
                        shared_experts:
                          - {source_model: base, positive_prompts: [abc]}
                        """);

        assertThat(result.errors()).isEmpty();
        Path out = temp.resolve("out");
        float[] shared = floats(out, "model.layers.1.mlp.shared_expert_gate.weight");
        float[] experts = floats(out, "model.layers.1.mlp.gate.weight");
        assertThat(shared).hasSize(WIDTH);
        assertThat(experts).hasSize(2 * WIDTH);
        double squares = 0;
        for (float value : shared) {
            squares += value * value;
        }
        assertThat(squares).isBetween(0.98, 1.02);
        assertThat(out.resolve("amalgam-recipe.yml"))
                .hasContent(Files.readString(temp.resolve("moe.yml")));
    }

    /** Prompts that end in one token have one state where nothing has been mixed yet. */
    @Test
    void gatesThatAreAlikeAreWarnings() throws IOException {
        Path base = dense("base", "llama", 16);
        Files.writeString(
                base.resolve("tokenizer.json"),
                """
                {"model": {"type": "BPE", "vocab": {"a": 0, "b": 1, "c": 2}, "merges": []}}
                """);
        String config =
                """
                base_model: base
                gate_mode: hidden
                experts:
                  - {source_model: base, positive_prompts: [ab]}
                  - {source_model: base, positive_prompts: [cab], negative_prompts: [c]}
                  - {source_model: base, positive_prompts: [cb]}
                  - {source_model: base, positive_prompts: [a], negative_prompts: [a]}
                """;

        Cli result = moe(config);

        assertThat(result.exit()).isZero();
        assertThat(result.err().lines().filter(line -> line.startsWith("warning: ")))
                .containsExactly(
                        "warning: gate of expert 3 ('base'): expected a direction, got nearly nothing in layers 0-3; its rows there are rounding noise: give negative prompts that are further from its positive ones, or none",
                        "warning: gates of expert 0 ('base') and expert 2 ('base'): expected different directions, got a cosine of 1.000000 in layer 0; the router cannot choose between them there: give prompts that differ more, and end differently");
        Path strict = temp.resolve("strict");
        assertThat(Cli.run("moe", temp.resolve("moe.yml"), strict, "--strict").exit()).isEqualTo(3);
        assertThat(strict).doesNotExist();
    }

    @Test
    void whatIsWrongIsSaidTogether() throws IOException {
        dense("base", "llama", 16);
        dense("wide", "llama", 24);
        dense("qwen", "qwen2", 16);

        assertThat(
                        moe("""
                            base_model: base
                            gate_mode: random
                            experts: [{source_model: base}, {source_model: wide}]
                            """)
                                .errors())
                .singleElement()
                .asString()
                .contains(
                        "shape of tensor 'model.layers.0.mlp.gate_proj.weight' in 'wide': expected [16, 8] as in 'base', got [24, 8]")
                .contains("moe.yml:3:33")
                .endsWith("experts must be as wide as the base");
        assertThat(
                        moe("""
                            base_model: base
                            gate_mode: random
                            experts: [{source_model: base}, {source_model: qwen}]
                            """)
                                .errors())
                .singleElement()
                .asString()
                .contains("no mixture of experts can be made of models of type llama, qwen2")
                .contains("'Mixtral' is made from models of one type of llama, mistral");
        assertThat(
                        moe("""
                            base_model: base
                            experts: [{source_model: base}, {source_model: gone}]
                            experts_per_token: 3
                            """)
                                .errors())
                .hasSize(5);
        assertThat(
                        moe("""
                            base_model: base
                            gate_mode: randon
                            experts_per_token: 0
                            experts: [{source_model: base, noise_scale: loud, positive_prompts: [yes]}]
                            """)
                                .errors())
                .hasSize(4)
                .first()
                .asString()
                .contains("did you mean 'random'?");
    }
}
