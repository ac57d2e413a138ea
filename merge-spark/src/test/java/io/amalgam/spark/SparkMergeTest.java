package io.amalgam.spark;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.amalgam.Merge;
import io.amalgam.engine.Cancellation;
import io.amalgam.engine.MergeCancelledException;
import io.amalgam.engine.MergeListener;
import io.amalgam.error.BadInputException;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Merges on Spark have the bytes of merges on one machine. */
class SparkMergeTest {
    private static final Path GOLDEN =
            Path.of("../merge-formats/src/test/resources/golden").toAbsolutePath().normalize();

    @TempDir private Path temp;
    private Path out;

    @BeforeEach
    void output() {
        out = temp.resolve("out");
    }

    private static String models(String method, String parameters, String more) {
        return """
        merge_method: %s
        base_model: MERGE/base
        models:
          - {model: MERGE/ft1, parameters: {weight: 0.6}}
          - {model: MERGE/ft2, parameters: {weight: 0.3}}
        parameters: {%s}
        dtype: float32
        %s
        """
                .formatted(method, parameters, more);
    }

    private static String text(String name) throws IOException {
        return switch (name) {
            case "linear", "ties" -> golden("merge", name);
            case "stack" -> golden("merge", "slices-mixed");
            case "vocabulary" -> golden("tokenizer", "union");
            case "dare_ties" -> models("dare_ties", "density: 0.5", "");
            case "ties of the whole model" -> models("ties", "density: 0.4, trim_scope: model", "");
            case "pcb" -> models("pcb", "density: 0.4", "");
            case "alignment" ->
                    models(
                            "task_arithmetic",
                            "",
                            "align: {method: weight_matching, to: MERGE/base}");
            case "lora" ->
                    models("task_arithmetic", "", "")
                            .replace(
                                    "MERGE/ft1", "MERGE/base+" + GOLDEN.resolve("lora/adapters/a"));
            case "fp8" -> models("ties", "density: 0.4", "out_dtype: fp8");
            default -> throw new IllegalArgumentException(name);
        };
    }

    private static String golden(String folder, String name) throws IOException {
        return Files.readString(GOLDEN.resolve(folder).resolve("recipes/" + name + ".yml"))
                .replace("models/", GOLDEN.resolve(folder).resolve("models") + "/");
    }

    private Path recipe(String text) throws IOException {
        return Files.writeString(
                temp.resolve("recipe.yml"),
                text.replace("MERGE/", GOLDEN.resolve("merge/models") + "/"));
    }

    private SparkMerge merge(Path recipe) {
        return SparkMerge.of(LocalSpark.context(), recipe, out)
                .plan(options -> options.maxShardBytes(8000).seed(7))
                .parts(3);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "linear",
                "ties",
                "dare_ties",
                "stack",
                "vocabulary",
                "lora",
                "ties of the whole model",
                "pcb",
                "alignment",
                "fp8"
            })
    void everyKindOfMerge(String name) throws IOException {
        Path recipe = recipe(text(name));
        Path whole = temp.resolve("whole");
        Merge.recipe(recipe).plan(options -> options.maxShardBytes(8000).seed(7)).to(whole).run();

        // So many that partial results of passes are added on executors before the driver has them.
        int count = name.equals("pcb") || name.contains("whole model") ? 7 : 3;
        merge(recipe).parts(count).run();

        assertSameModel(whole);
        JsonNode parts = report().path("run").path("parts");
        assertThat(parts).hasSize(count);
        assertThat(parts.get(0).path("by").asText()).isEqualTo("executor driver");
    }

    private JsonNode report() throws IOException {
        return new ObjectMapper().readTree(out.resolve("amalgam-report.json").toFile());
    }

    private static List<String> names(Path folder) throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.map(file -> file.getFileName().toString()).sorted().toList();
        }
    }

    @Test
    void modelsOfAStoreAreReadByRanges() throws IOException {
        Path whole = temp.resolve("whole");
        Path recipe = recipe(text("ties"));
        Merge.recipe(recipe).plan(options -> options.maxShardBytes(8000).seed(7)).to(whole).run();

        Files.writeString(recipe, text("ties").replace(GOLDEN.toString(), "file:" + GOLDEN));
        merge(recipe).run();

        for (String file : names(whole)) {
            if (file.endsWith(".safetensors")) {
                assertThat(out.resolve(file)).hasSameBinaryContentAs(whole.resolve(file));
            }
        }
    }

    @Test
    void aModelThatIsNotInTheStoreIsOneLine() throws IOException {
        Path recipe =
                recipe("merge_method: passthrough\nmodels: [{model: 'file:/no/such/model'}]\n");
        assertThatThrownBy(() -> merge(recipe).run())
                .isInstanceOf(BadInputException.class)
                .hasMessageContaining("expected a folder or file, got nothing there");
    }

    @Test
    void badDataIsToldOnceAndLeavesNoModel() throws IOException {
        Path recipe =
                recipe(
                        models("ties", "density: 0.5", "")
                                .replace("MERGE/ft1", broken().toString()));

        assertThatThrownBy(() -> merge(recipe).run())
                .isInstanceOf(BadInputException.class)
                .hasMessageContaining("NaN");
        assertThat(names(out)).containsExactly(".amalgam-parts");
    }

    /** A copy of a model, whose last bytes are NaN. */
    private Path broken() throws IOException {
        Path broken = Files.createDirectories(temp.resolve("broken"));
        Path model = GOLDEN.resolve("merge/models/ft1");
        for (String file : names(model)) {
            Files.copy(model.resolve(file), broken.resolve(file));
        }
        Path weights = broken.resolve("model.safetensors");
        byte[] bytes = Files.readAllBytes(weights);
        java.util.Arrays.fill(bytes, bytes.length - 4096, bytes.length, (byte) 0xff);
        Files.write(weights, bytes);
        Files.setLastModifiedTime(weights, FileTime.fromMillis(1_700_000_000_000L));
        return broken;
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void finishedPartsAreTakenOver(boolean stored) throws IOException {
        Path model = broken();
        Path recipe =
                recipe(models("ties", "density: 0.5", "").replace("MERGE/ft1", model.toString()));
        List<Integer> takenOver = new ArrayList<>();
        Supplier<SparkMerge> merge =
                () ->
                        (stored ? toStore(recipe) : merge(recipe))
                                .parts(6)
                                .listener(
                                        new MergeListener() {
                                            @Override
                                            public void tookOver(int parts, int of) {
                                                takenOver.add(parts);
                                            }
                                        });
        assertThatThrownBy(() -> merge.get().run()).hasMessageContaining("NaN");
        assertThat(names(out)).containsExactly(".amalgam-parts");

        // The same size and time: to the parts that are there, nothing has changed.
        Path weights = model.resolve("model.safetensors");
        Files.copy(
                GOLDEN.resolve("merge/models/ft1/model.safetensors"),
                weights,
                StandardCopyOption.REPLACE_EXISTING);
        Files.setLastModifiedTime(weights, FileTime.fromMillis(1_700_000_000_000L));
        merge.get().run();

        assertThat(takenOver).first().isEqualTo(0);
        assertThat(takenOver).last().satisfies(parts -> assertThat(parts).isBetween(3, 5));
        Path whole = temp.resolve("whole");
        Merge.recipe(recipe).plan(options -> options.maxShardBytes(8000).seed(7)).to(whole).run();
        assertSameModel(whole);
    }

    private void assertSameModel(Path whole) throws IOException {
        assertThat(names(out)).isEqualTo(names(whole));
        for (String file : names(whole)) {
            if (!file.equals("amalgam-report.json")) {
                assertThat(out.resolve(file)).hasSameBinaryContentAs(whole.resolve(file));
            }
        }
    }

    @Test
    void aMergeIsStopped() throws IOException {
        Path recipe = recipe(text("linear"));
        Cancellation cancellation = new Cancellation();
        List<String> heard = new ArrayList<>();
        assertThatThrownBy(
                        () ->
                                merge(recipe)
                                        .cancellation(cancellation)
                                        .listener(
                                                new MergeListener() {
                                                    @Override
                                                    public void progressed(Progress progress) {
                                                        heard.add("progress");
                                                        cancellation.cancel();
                                                    }
                                                })
                                        .run())
                .isInstanceOf(MergeCancelledException.class);
        assertThat(heard).isNotEmpty();
        assertThat(names(out)).containsExactly(".amalgam-parts");
    }

    @Test
    void anOutputThatIsThereIsRefused() throws IOException {
        Files.createDirectories(out);
        Files.writeString(out.resolve("notes.txt"), "x");
        Path recipe = recipe(text("linear"));
        assertThatThrownBy(() -> merge(recipe).run())
                .isInstanceOf(BadInputException.class)
                .hasMessageContaining("an empty or new directory");
        merge(recipe).engine(options -> options.overwrite(true)).run();
        assertThat(names(out)).contains("notes.txt", "config.json");
    }

    private SparkMerge toStore(Path recipe) {
        return SparkMerge.of(LocalSpark.context(), recipe, URI.create("faulty:" + out))
                .plan(options -> options.maxShardBytes(8000).seed(7))
                .parts(3);
    }

    @Test
    void anOutputInAStore() throws IOException {
        Path recipe = recipe(text("ties"));
        Path whole = temp.resolve("whole");
        Merge.recipe(recipe).plan(options -> options.maxShardBytes(8000).seed(7)).to(whole).run();

        toStore(recipe).run();

        assertSameModel(whole);
        assertThatThrownBy(() -> toStore(recipe).run())
                .isInstanceOf(BadInputException.class)
                .hasMessageContaining("an empty or new folder");
    }

    @Test
    void aModelInAStoreIsReplaced() throws IOException {
        Path recipe = recipe(text("ties"));
        toStore(recipe).plan(options -> options.maxShardBytes(3000)).run();
        Files.writeString(out.resolve("notes.txt"), "x");
        Files.writeString(out.resolve("tokenizer.json"), "{}");
        Path whole = temp.resolve("whole");
        Merge.recipe(recipe).plan(options -> options.maxShardBytes(8000).seed(7)).to(whole).run();

        Supplier<SparkMerge> merge =
                () -> toStore(recipe).engine(options -> options.overwrite(true));
        assertThatThrownBy(() -> toStore(recipe).run()).hasMessageContaining("overwrite");
        FaultyStore.RENAMES.set(2);
        assertThatThrownBy(() -> merge.get().run()).hasMessageContaining("store is away");
        FaultyStore.RENAMES.set(-1);
        assertThat(names(out)).doesNotContain("model.safetensors.index.json", "tokenizer.json");

        // What was begun is ended, with or without the option.
        toStore(recipe).run();
        assertThat(names(out)).contains("notes.txt");
        Files.delete(out.resolve("notes.txt"));
        assertSameModel(whole);

        merge.get().plan(options -> options.maxShardBytes(1_000_000)).run();
        assertThat(names(out))
                .contains("model.safetensors", "config.json")
                .doesNotContain("model.safetensors.index.json", ".amalgam-parts");
    }

    @Test
    void aModelInAStoreIsNotWrittenOver() throws IOException {
        Path model = Files.createDirectories(temp.resolve("model"));
        for (String file : List.of("config.json", "model.safetensors")) {
            Files.copy(GOLDEN.resolve("merge/models/ft1").resolve(file), model.resolve(file));
        }
        for (String place : List.of("model", "model/inside")) {
            out = temp.resolve(place);
            Path recipe =
                    recipe(
                            models("ties", "density: 0.5", "")
                                    .replace("MERGE/ft1", "'faulty:" + model + "'"));
            assertThatThrownBy(
                            () -> toStore(recipe).engine(options -> options.overwrite(true)).run())
                    .isInstanceOf(BadInputException.class)
                    .hasMessageContaining("inputs are never written over");
        }
    }

    @Test
    void aPartThatIsLostInTheStoreIsMergedAgain() throws IOException {
        Path recipe = recipe(text("ties"));
        Path whole = temp.resolve("whole");
        Merge.recipe(recipe).plan(options -> options.maxShardBytes(8000).seed(7)).to(whole).run();
        FaultyStore.RENAMES.set(0);
        assertThatThrownBy(() -> toStore(recipe).run()).hasMessageContaining("store is away");
        FaultyStore.RENAMES.set(-1);
        try (Stream<Path> files = Files.walk(out.resolve(".amalgam-parts"))) {
            Files.delete(
                    files.filter(file -> file.toString().endsWith(".safetensors"))
                            .findFirst()
                            .orElseThrow());
        }
        toStore(recipe).run();
        assertSameModel(whole);
    }

    @Test
    void aStoreThatFailsLeavesNoModelAndIsTriedAgain() throws IOException {
        Path recipe = recipe(text("linear"));
        for (int fault = 0; fault < 2; fault++) {
            out = temp.resolve("out-" + fault);
            FaultyStore.RENAMES.set(fault);
            assertThatThrownBy(() -> toStore(recipe).run())
                    .hasMessage(
                            "a file cannot be moved to its place: java.io.IOException: the store is away");
            assertThat(names(out))
                    .doesNotContain("config.json", "model.safetensors.index.json")
                    .contains(".amalgam-parts");
        }
        FaultyStore.RENAMES.set(-1);
        FaultyStore.WRITES.set(4);
        assertThatThrownBy(() -> toStore(recipe).run()).hasMessageContaining("store is away");
        assertThat(names(out)).doesNotContain("model.safetensors.index.json");
        FaultyStore.WRITES.set(-1);
        toStore(recipe).run();
        assertThat(names(out))
                .contains("config.json", "model.safetensors.index.json")
                .doesNotContain(".amalgam-parts");
    }
}
