package io.amalgam.cli;

import io.amalgam.formats.safetensors.NamedTensor;
import io.amalgam.formats.safetensors.SafetensorsWriter;
import io.amalgam.tensor.DType;
import io.amalgam.tensor.Shape;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Writes tiny checkpoints. */
public final class Models {
    private Models() {}

    /** Two layers, an embedding and a table of integers; every value is {@code value}. */
    public static Path tiny(Path directory, float value) throws IOException {
        List<NamedTensor> tensors = new ArrayList<>();
        tensors.add(filled("model.embed_tokens.weight", value, 6, 4));
        for (int layer = 0; layer < 2; layer++) {
            tensors.add(filled("model.layers." + layer + ".up.weight", value, 4, 4));
        }
        tensors.add(
                NamedTensor.ofBytes(
                        "model.table", DType.U8, Shape.of(3), (byte) 1, (byte) 2, (byte) 3));
        return write(directory, tensors, "{\"architectures\": [\"TinyModel\"]}");
    }

    /**
     * A model like T5. Tensors of layer {@code i} are {@code value + i}, all others {@code value};
     * what only a stack's first layer has is {@code value + 50}.
     */
    public static Path encoderDecoder(Path directory, int encoder, int decoder, float value)
            throws IOException {
        List<NamedTensor> tensors = new ArrayList<>();
        tensors.add(filled("shared.weight", value, 6, 4));
        stack(tensors, "encoder.", encoder, value);
        stack(tensors, "decoder.", decoder, value);
        return write(
                directory,
                tensors,
                "{\"is_encoder_decoder\": true, \"num_layers\": "
                        + encoder
                        + ", \"num_decoder_layers\": "
                        + decoder
                        + "}");
    }

    private static void stack(List<NamedTensor> tensors, String part, int layers, float value) {
        tensors.add(filled(part + "block.0.layer.0.relative_attention_bias", value + 50, 4, 4));
        for (int i = 0; i < layers; i++) {
            tensors.add(filled(part + "block." + i + ".layer.0.o.weight", value + i, 4, 4));
        }
        tensors.add(filled(part + "final_layer_norm.weight", value, 4));
    }

    public static NamedTensor filled(String name, float value, long... dims) {
        Shape shape = Shape.of(dims);
        float[] values = new float[(int) shape.elements()];
        java.util.Arrays.fill(values, value);
        return NamedTensor.ofFloats(name, shape, values);
    }

    public static Path write(Path directory, List<NamedTensor> tensors, String config)
            throws IOException {
        Files.createDirectories(directory);
        Files.writeString(directory.resolve("config.json"), config);
        SafetensorsWriter.write(
                directory.resolve("model.safetensors"), tensors, Map.of("format", "pt"));
        return directory;
    }

    /** Models {@code a} (all 1) and {@code b} (all 3), and a recipe that averages them. */
    public static Path averageRecipe(Path folder) throws IOException {
        tiny(folder.resolve("a"), 1);
        tiny(folder.resolve("b"), 3);
        return recipe(
                folder,
                """
                merge_method: linear
                models:
                  - {model: a, parameters: {weight: 1}}
                  - {model: b, parameters: {weight: 1}}
                dtype: float32
                """);
    }

    public static Path recipe(Path folder, String text) throws IOException {
        return Files.writeString(folder.resolve("recipe.yml"), text);
    }
}
