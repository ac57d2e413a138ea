package io.amalgam.endtoend;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.amalgam.engine.MergeReport;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is in the directory of a Hugging Face model after a merge, and after another. */
class OverwrittenDirectoryTest {
    @TempDir Path root;
    private Path out;

    @BeforeEach
    void models() throws IOException {
        new TestModel().floats("w", 1, 2).write(root.resolve("one"));
        new TestModel().floats("w", 3, 4).write(root.resolve("two"));
        out = root.resolve("out");
    }

    @Test
    void overwritingLeavesNothingOfAnEarlierModelAndAllElse() throws IOException {
        Merges.run(Merges.LINEAR, root, out, Options.DEFAULT);
        for (String name :
                new String[] {
                    "pytorch_model.bin",
                    "pytorch_model-00001-of-00002.bin",
                    "pytorch_model.bin.index.json",
                    "vocab.json",
                    "1_Pooling/config.json",
                    "1_notes/config.txt",
                    "model_card.safetensors",
                    "notes.txt"
                }) {
            Files.createDirectories(out.resolve(name).getParent());
            Files.writeString(out.resolve(name), "old");
        }
        Files.delete(root.resolve("one/tokenizer.json"));
        Files.delete(root.resolve("one/config.json"));
        String other = Merges.LINEAR.replace("0.7", "0.6");

        MergeReport report =
                Merges.run(
                        Merges.recipe(other),
                        root,
                        out,
                        Options.DEFAULT.overwriting().build().report(false));

        assertThat(names(out))
                .containsExactly(
                        "1_notes", "model.safetensors", "model_card.safetensors", "notes.txt");
        assertThat(report.kept()).containsExactly("1_notes", "model_card.safetensors", "notes.txt");
    }

    @Test
    void anOverridingArchitectureReachesTheConfig() throws IOException {
        String recipe =
                """
                merge_method: passthrough
                models: [{model: {model: one, override_architecture: OtherForCausalLM}}]
                """;

        Merges.run(recipe, root, out, Options.DEFAULT);

        assertThat(new ObjectMapper().readTree(out.resolve("config.json").toFile()))
                .isEqualTo(
                        new ObjectMapper()
                                .readTree(
                                        "{\"architectures\": [\"OtherForCausalLM\"], \"model_type\": \"llama\", \"num_hidden_layers\": 2}"));
    }

    private static List<String> names(Path directory) throws IOException {
        try (Stream<Path> files = Files.list(directory)) {
            return files.map(file -> file.getFileName().toString()).sorted().toList();
        }
    }
}
