package io.amalgam.cli.bench;

import io.amalgam.checkpoint.OutputFormat;
import io.amalgam.tensor.DType;
import io.amalgam.tensor.Shape;
import io.amalgam.tensor.TensorInfo;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** An adapter of rank {@value #RANK} on every linear layer of a {@link SyntheticModel}. */
final class SyntheticAdapter {
    private static final int RANK = 16;
    private static final String PREFIX = "base_model.model.";
    private static final String CONFIG =
            """
            {
              "bias": "none",
              "lora_alpha": %1$d,
              "peft_type": "LORA",
              "r": %1$d,
              "target_modules": ["down_proj", "gate_proj", "up_proj", "k_proj", "o_proj", "q_proj", "v_proj"]
            }
            """;

    private SyntheticAdapter() {}

    static Path file(Path directory) {
        return directory.resolve("adapter_model.safetensors");
    }

    /** Writes the adapter unless it is there already. */
    static void write(Path directory, SyntheticModel.Size size, OutputFormat format)
            throws IOException {
        if (SyntheticModel.store(file(directory), tensors(size), 0, format)) {
            Files.writeString(
                    directory.resolve("adapter_config.json"),
                    CONFIG.formatted(RANK),
                    StandardCharsets.UTF_8);
        }
    }

    private static List<TensorInfo> tensors(SyntheticModel.Size size) {
        List<TensorInfo> all = new ArrayList<>();
        for (TensorInfo tensor : SyntheticModel.tensors(size)) {
            if (tensor.name().endsWith("_proj.weight")) {
                String module = tensor.name().substring(0, tensor.name().length() - 6);
                Shape a = Shape.of(RANK, tensor.shape().dim(1));
                Shape b = Shape.of(tensor.shape().dim(0), RANK);
                all.add(new TensorInfo(PREFIX + module + "lora_A.weight", DType.BF16, a));
                all.add(new TensorInfo(PREFIX + module + "lora_B.weight", DType.BF16, b));
            }
        }
        return all;
    }
}
