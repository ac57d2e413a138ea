package io.amalgam.internal.formats.huggingface;

import static org.assertj.core.api.Assertions.assertThat;

import io.amalgam.checkpoint.Checkpoint;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SideFilesTest {
    @TempDir Path path;

    @Test
    void takesTokenizerSettingsAndModuleFolders() throws IOException {
        new ModelDirectory(path)
                .weights("model.safetensors", "a")
                .file("config.json", "{}")
                .file("README.md", "")
                .file("optimizer.pt", "")
                .file("tokenizer.json", "{}")
                .file("vocab.json", "{}")
                .file("merges.txt", "")
                .file("spiece.model", "")
                .file("modules.json", "[]")
                .file("generation_config.json", "{}")
                .file("1_Pooling/config.json", "{}")
                .file("2_Dense/model.safetensors", "")
                .file("2_Dense/config.json", "{}")
                .file("2_Dense/deeper/other.json", "{}")
                .file("onnx/config.json", "{}")
                .file("3_/config.json", "{}")
                .file("tokenizer_config.json/not-a-file", "");
        Files.createSymbolicLink(path.resolve("vocab.txt"), Path.of("gone.txt"));

        try (Checkpoint checkpoint = new HuggingFaceFormat().open(path, "m")) {
            assertThat(checkpoint.sideFiles())
                    .containsExactlyInAnyOrder(
                            // What cannot be copied is the planner's to report.
                            Path.of("tokenizer_config.json"),
                            Path.of("vocab.txt"),
                            Path.of("tokenizer.json"),
                            Path.of("vocab.json"),
                            Path.of("merges.txt"),
                            Path.of("spiece.model"),
                            Path.of("modules.json"),
                            Path.of("generation_config.json"),
                            Path.of("1_Pooling", "config.json"),
                            Path.of("2_Dense", "model.safetensors"),
                            Path.of("2_Dense", "config.json"));
        }
    }
}
