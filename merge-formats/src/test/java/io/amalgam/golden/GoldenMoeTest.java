package io.amalgam.golden;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.amalgam.ModelLoader;
import io.amalgam.endtoend.Options;
import io.amalgam.engine.Cancellation;
import io.amalgam.engine.MergeListener;
import io.amalgam.formats.safetensors.SafetensorsFile;
import io.amalgam.internal.engine.MergeEngine;
import io.amalgam.internal.formats.huggingface.BpeTokenizer;
import io.amalgam.internal.recipe.yaml.MoeRecipeReader;
import io.amalgam.internal.recipe.yaml.ReadOptions;
import io.amalgam.internal.structure.moe.MoePlanner;
import io.amalgam.plan.MergePlan;
import io.amalgam.plan.PlanOptions;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Every config of {@code golden/moe}, from its text to files, against what mergekit-moe wrote. */
class GoldenMoeTest {
    @TempDir Path temp;

    private static Path folder() {
        try {
            return Path.of(
                    Objects.requireNonNull(GoldenMoeTest.class.getResource("/golden/moe")).toURI());
        } catch (URISyntaxException e) {
            throw new IllegalStateException(e);
        }
    }

    private Path make(String name, MoePlanner.Layout layout) throws IOException {
        ModelLoader formats = ModelLoader.load();
        MoePlanner planner =
                new MoePlanner(
                        formats.models(List.of(folder())),
                        formats.output("huggingface"),
                        model -> BpeTokenizer.read(model.path())::encodePrompt);
        Path out = temp.resolve(name + layout);
        Path config = folder().resolve("recipes").resolve(name + ".yml");
        try (MergePlan plan =
                planner.plan(
                        MoeRecipeReader.read(config, ReadOptions.DEFAULT),
                        layout,
                        false,
                        PlanOptions.DEFAULT)) {
            MergeEngine.run(
                    plan, out, Options.DEFAULT.build(), MergeListener.NONE, new Cancellation());
        }
        return out;
    }

    /** The hidden gates come from a model run in bfloat16, there and here. */
    @ParameterizedTest
    @CsvSource({"mixtral, 1e-6", "residual-scale, 1e-6", "deepseek, 1e-6", "mixtral-hidden, 1e-4"})
    void agrees(String name, double allowed) throws IOException {
        boolean fused = !name.equals("deepseek");
        Path out = make(name, fused ? MoePlanner.Layout.FUSED : MoePlanner.Layout.AUTO);
        Path expected = folder().resolve("expected").resolve(name);

        Path weights = expected.resolve("model.safetensors");
        try (SafetensorsFile a = SafetensorsFile.open(out.resolve("model.safetensors"));
                SafetensorsFile b = SafetensorsFile.open(weights)) {
            assertThat(a.tensors().values().stream().map(tensor -> tensor.info()))
                    .containsExactlyInAnyOrderElementsOf(
                            b.tensors().values().stream().map(tensor -> tensor.info()).toList());
        }
        Deviation deviation = Deviation.between(out.resolve("model.safetensors"), weights);
        assertThat(deviation.relative()).isLessThanOrEqualTo(allowed);
        ObjectMapper json = new ObjectMapper();
        JsonNode theirs = json.readTree(expected.resolve("config.json").toFile());
        JsonNode ours = json.readTree(out.resolve("config.json").toFile());
        List<String> libraryDefaults =
                List.of("transformers_version", "_name_or_path", "torch_dtype");
        ours.properties()
                .forEach(
                        field -> {
                            if (!libraryDefaults.contains(field.getKey())) {
                                assertThat(field.getValue())
                                        .as(field.getKey())
                                        .isEqualTo(theirs.path(field.getKey()));
                            }
                        });
        for (String key :
                List.of(
                        "num_local_experts",
                        "n_routed_experts",
                        "num_experts_per_tok",
                        "auto_map")) {
            assertThat(ours.path(key)).as(key).isEqualTo(theirs.path(key));
        }
        assertThat(out.resolve("tokenizer.json")).exists();
    }

    @Test
    void expertsOneByOneAreThoseOfTheFusedTensor() throws IOException {
        Path fused = make("residual-scale", MoePlanner.Layout.FUSED);
        Path single = make("residual-scale", MoePlanner.Layout.PER_EXPERT);

        try (SafetensorsFile a = SafetensorsFile.open(fused.resolve("model.safetensors"));
                SafetensorsFile b = SafetensorsFile.open(single.resolve("model.safetensors"))) {
            float[] in = a.floats("model.layers.1.mlp.experts.gate_up_proj");
            float[] out = a.floats("model.layers.1.mlp.experts.down_proj");
            int size = 24 * 16;
            for (int e = 0; e < 3; e++) {
                String prefix = "model.layers.1.block_sparse_moe.experts." + e + ".";
                assertThat(b.floats(prefix + "w1.weight")).isEqualTo(slice(in, 2 * e * size, size));
                assertThat(b.floats(prefix + "w3.weight"))
                        .isEqualTo(slice(in, (2 * e + 1) * size, size));
                assertThat(b.floats(prefix + "w2.weight")).isEqualTo(slice(out, e * size, size));
            }
            assertThat(b.floats("model.layers.1.block_sparse_moe.gate.weight"))
                    .isEqualTo(a.floats("model.layers.1.mlp.gate.weight"));
            assertThat(b.tensors()).hasSize(3 + 2 * (6 + 9 + 1));
        }
    }

    private static float[] slice(float[] values, int from, int count) {
        return java.util.Arrays.copyOfRange(values, from, from + count);
    }
}
