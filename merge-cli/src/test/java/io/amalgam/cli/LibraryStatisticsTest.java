package io.amalgam.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.amalgam.Checkpoints;
import io.amalgam.Merge;
import io.amalgam.OpenModel;
import io.amalgam.Parameter;
import io.amalgam.error.BadInputException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.nd4j.linalg.api.ndarray.INDArray;

/** Statistics of models in a merge in code. */
class LibraryStatisticsTest {
    private static final Path MODELS = Path.of("../samples/models/digits").toAbsolutePath();
    private static final Path STATISTICS =
            Path.of("../merge-formats/src/test/resources/golden/statistics/digits")
                    .toAbsolutePath();
    private static final List<String> VIEWS = List.of("rotated", "inverted", "mirrored");

    @TempDir Path folder;

    private static Path model(String view) {
        return MODELS.resolve("expert-" + view);
    }

    private static Path statistics(String view) {
        return STATISTICS.resolve(view + ".safetensors");
    }

    private static Merge fisher() {
        Merge merge = Merge.method("fisher");
        VIEWS.forEach(view -> merge.model(model(view)).statistics(statistics(view)));
        return merge;
    }

    private byte[] merged(Merge merge, String name) throws IOException {
        merge.to(folder.resolve(name)).run();
        return Files.readAllBytes(folder.resolve(name).resolve("model.safetensors"));
    }

    @Test
    void sayWhatYamlSays() throws IOException {
        StringBuilder yaml = new StringBuilder("merge_method: fisher\nmodels:\n");
        for (String view : VIEWS) {
            yaml.append("  - model: " + model(view) + "\n");
            yaml.append("    statistics: " + statistics(view) + "\n");
        }
        Path file = Files.writeString(folder.resolve("r.yml"), yaml);
        Path written = Files.writeString(folder.resolve("w.yml"), fisher().yaml());
        byte[] expected = merged(fisher(), "code");
        for (Path recipe : List.of(file, written)) {
            Path out = folder.resolve(recipe.getFileName() + ".out");
            Merge.recipe(recipe).to(out).run();
            assertThat(out.resolve("model.safetensors")).hasBinaryContent(expected);
        }
    }

    @Test
    void arraysAndModulesHaveThemToo() throws IOException {
        Merge arrays = Merge.method("fisher");
        for (String view : VIEWS) {
            try (OpenModel open = Checkpoints.open(model(view))) {
                arrays.model(open.tensors()).statistics(statistics(view).toString());
            }
        }
        Map<String, INDArray> expected = fisher().toArrays();
        assertThat(arrays.toArrays()).isEqualTo(expected);
        Map<String, INDArray> without =
                Merge.method("soup")
                        .model(model("rotated"))
                        .model(model("inverted"))
                        .model(model("mirrored"))
                        .toArrays();
        assertThat(expected.get("fc1.weight")).isNotEqualTo(without.get("fc1.weight"));
        String yaml =
                Merge.method("fisher")
                        .module(
                                "encoder",
                                part ->
                                        part.model("t5", Parameter.weight(2))
                                                .statistics("t5.safetensors"))
                        .yaml();
        assertThat(yaml).contains("statistics: 't5.safetensors'").contains("weight: 2");
    }

    @Test
    void followAModel() {
        assertThatIllegalStateException()
                .isThrownBy(() -> Merge.method("fisher").statistics("x.safetensors"))
                .withMessage("statistics(...) follow the model they are of");
        assertThatThrownBy(
                        () ->
                                Merge.method("fisher")
                                        .model(model("rotated"))
                                        .statistics(folder.resolve("none.safetensors"))
                                        .plan())
                .isInstanceOf(BadInputException.class)
                .hasMessageContaining("expected an existing path");
    }
}
