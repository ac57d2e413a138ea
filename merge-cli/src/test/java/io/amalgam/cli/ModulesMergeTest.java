package io.amalgam.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.amalgam.formats.safetensors.NamedTensor;
import io.amalgam.formats.safetensors.SafetensorsFile;
import io.amalgam.tensor.Shape;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Models with several stacks, merged part by part, with what is written for them. */
class ModulesMergeTest {
    private static final String T5 =
            "{\"is_encoder_decoder\": true, \"num_layers\": 3, \"num_decoder_layers\": 3}";
    private static final String WHISPER =
            "{\"encoder_layers\": 3, \"decoder_layers\": 3, \"num_hidden_layers\": 3}";
    private static final String VISION =
            "{\"text_config\": {\"num_hidden_layers\": 3}, \"vision_config\": {\"num_hidden_layers\": 3}}";

    @TempDir Path folder;

    private final List<NamedTensor> tensors = new ArrayList<>();
    private Random random = new Random(0);

    private void tensor(String name, long... dims) {
        Shape shape = Shape.of(dims);
        float[] values = new float[(int) shape.elements()];
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) random.nextGaussian();
        }
        tensors.add(NamedTensor.ofFloats(name, shape, values));
    }

    private void layers(String prefix) {
        for (int i = 0; i < 3; i++) {
            tensor(prefix + i + ".q.weight", 4, 4);
            tensor(prefix + i + ".norm.weight", 4);
        }
    }

    /** Models {@code base}, {@code one} and {@code two} with values of their own. */
    private void models(String kind) throws IOException {
        for (String name : List.of("base", "one", "two")) {
            random = new Random(name.hashCode());
            tensors.clear();
            switch (kind) {
                case "t5" -> {
                    tensor("shared.weight", 6, 4);
                    layers("encoder.block.");
                    tensor("encoder.final_layer_norm.weight", 4);
                    layers("decoder.block.");
                    tensor("decoder.final_layer_norm.weight", 4);
                }
                case "whisper" -> {
                    tensor("model.encoder.conv1.weight", 4, 2, 3);
                    layers("model.encoder.layers.");
                    tensor("model.encoder.layer_norm.weight", 4);
                    tensor("model.decoder.embed_tokens.weight", 6, 4);
                    layers("model.decoder.layers.");
                    tensor("model.decoder.layer_norm.weight", 4);
                }
                default -> {
                    tensor("language_model.model.embed_tokens.weight", 6, 4);
                    layers("language_model.model.layers.");
                    tensor("language_model.lm_head.weight", 6, 4);
                    tensor("multi_modal_projector.linear.weight", 4, 4);
                    tensor("vision_model.embeddings.patch.weight", 4, 3);
                    layers("vision_model.encoder.layers.");
                }
            }
            String config = kind.equals("t5") ? T5 : kind.equals("whisper") ? WHISPER : VISION;
            Models.write(folder.resolve(name), tensors, config);
        }
    }

    private Path merge(String name, String recipe, String... options) throws IOException {
        Path file = Files.writeString(folder.resolve(name + ".yml"), recipe);
        Path out = folder.resolve("out-" + name);
        List<Object> words = new ArrayList<>(List.of("merge", file, out));
        words.addAll(List.of(options));
        Cli result = Cli.run(words.toArray());
        assertThat(result.errors()).isEmpty();
        assertThat(result.exit()).isZero();
        return out;
    }

    private static JsonNode config(Path model) throws IOException {
        return new ObjectMapper().readTree(model.resolve("config.json").toFile());
    }

    private static Set<String> names(Path model) throws IOException {
        try (SafetensorsFile file = SafetensorsFile.open(model.resolve("model.safetensors"))) {
            return Set.copyOf(file.tensors().keySet());
        }
    }

    @ParameterizedTest
    @CsvSource({
        "t5, encoder decoder shared",
        "whisper, decoder encoder",
        "vision, vision_model text multi_modal_projector"
    })
    void allPartsMergedAloneAreTheWholeModelMerged(String kind, String modules) throws IOException {
        models(kind);
        String head = "merge_method: ties\nbase_model: base\nparameters: {density: 0.5}\n";
        String list =
                "models: [{model: one, parameters: {weight: 0.6}}, {model: two, parameters: {weight: [0.2, 0.8]}}]\n";
        StringBuilder parts = new StringBuilder(head + "modules:\n");
        for (String module : modules.split(" ")) {
            parts.append("  ").append(module).append(":\n    ").append(list);
        }

        Path whole = merge("whole", head + list);
        Path apart = merge("apart", parts.toString(), "--strict");

        assertThat(apart.resolve("model.safetensors"))
                .hasSameBinaryContentAs(whole.resolve("model.safetensors"));
        assertThat(config(apart)).isEqualTo(config(whole));
    }

    @ParameterizedTest
    @CsvSource({
        "t5, decoder, encoder shared, decoder.block., /num_decoder_layers, /num_layers",
        "t5, encoder, decoder shared, encoder.block., /num_layers, /num_decoder_layers",
        "whisper, decoder, encoder, model.decoder.layers., /decoder_layers, /num_hidden_layers",
        "whisper, encoder, decoder, model.encoder.layers., /num_hidden_layers, /decoder_layers",
        "vision, text, vision multi_modal_projector, language_model.model.layers., /text_config/num_hidden_layers, /vision_config/num_hidden_layers",
        "vision, vision, text multi_modal_projector, vision_model.encoder.layers., /vision_config/num_hidden_layers, /text_config/num_hidden_layers"
    })
    void onePartRestackedByAMergeAndTheRestMergedWhole(
            String kind, String module, String rest, String prefix, String changed, String kept)
            throws IOException {
        models(kind);
        StringBuilder recipe =
                new StringBuilder(
                        """
                        merge_method: ties
                        base_model: base
                        parameters: {weight: 0.5, density: 0.5}
                        modules:
                          %s:
                            slices:
                              - sources: [{model: base, layer_range: [0, 3]}, {model: one, layer_range: [0, 3]}, {model: two, layer_range: [0, 3]}]
                              - sources: [{model: base, layer_range: [1, 3]}, {model: one, layer_range: [1, 3]}]
                        """
                                .formatted(module));
        for (String other : rest.split(" ")) {
            recipe.append("  ").append(other).append(": {models: [{model: one}, {model: two}]}\n");
        }

        Path out = merge("restacked", recipe.toString(), "--strict");

        assertThat(names(out))
                .containsAll(names(folder.resolve("base")))
                .hasSize(names(folder.resolve("base")).size() + 4)
                .contains(prefix + "4.q.weight", prefix + "3.norm.weight");
        assertThat(config(out).at(changed).asInt()).isEqualTo(5);
        assertThat(config(out).at(kept).asInt()).isEqualTo(3);
    }

    @Test
    void whatNoModuleNamesIsCountedAndNotWritten() throws IOException {
        models("vision");
        Path file =
                Models.recipe(
                        folder,
                        "merge_method: passthrough\nmodules: {vision: {models: [{model: one}]}}\n");

        Cli result = Cli.run("merge", file, folder.resolve("out"));

        assertThat(result.exit()).isZero();
        assertThat(result.err())
                .contains(
                        "9 tensors of model 'one' will not be written, as no module names their parts: 'language_model' (language_model.model.layers.N), 'multi_modal_projector'");
        assertThat(names(folder.resolve("out")))
                .hasSize(7)
                .allMatch(name -> name.startsWith("vision_model."));
    }
}
