package io.amalgam.golden;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.amalgam.endtoend.Merges;
import io.amalgam.endtoend.Options;
import io.amalgam.formats.safetensors.SafetensorsFile;
import io.amalgam.recipe.Recipe;
import io.amalgam.tensor.DType;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Every recipe of {@code golden/merge}, from its text to files, against what mergekit wrote for it.
 */
class GoldenMergeTest {
    /** Rounds after each operation there, once here: not comparable element by element. */
    private static final String ROUNDED_THROUGHOUT = "bf16-compute-ties";

    /** Many magnitudes are equal at the cut there, and which of them stay is nobody's promise. */
    private static final String TIED = "bf16-ties";

    /** Whose coefficients come from angles, which mergekit takes in float32. */
    private static final Set<String> ANGLES =
            Set.of("slerp", "nuslerp", "multislerp", "karcher", "model_stock");

    /** Takes an element whole or not at all, by a threshold that is reached in float32 there. */
    private static final String CHOSEN = "arcee_fusion";

    private static final Map<String, Deviation> DEVIATIONS = new TreeMap<>();

    static List<String> comparable() throws IOException {
        return Golden.all().stream()
                .filter(name -> !name.equals(ROUNDED_THROUGHOUT) && !name.equals(CHOSEN))
                .toList();
    }

    @ParameterizedTest
    @MethodSource("comparable")
    void agrees(String name, @TempDir Path temp) throws IOException {
        Recipe recipe = Golden.recipe(name);
        Path out = merge(recipe, temp.resolve("out"));

        assertSameTensors(out, Golden.weights(name));
        Deviation deviation = Deviation.between(out, Golden.weights(name));
        DEVIATIONS.put(name, deviation);
        double allowed = ANGLES.contains(recipe.method()) ? 2e-5 : 1e-6;
        assertThat(deviation.relative()).isLessThanOrEqualTo(allowed);
        if (name.equals(TIED)) {
            assertThat(deviation.beyond()).isLessThanOrEqualTo(deviation.elements() / 200);
        } else {
            assertThat(deviation.units()).isLessThanOrEqualTo(1);
        }
        assertConfig(out.resolveSibling("config.json"), Golden.config(name));
    }

    @Test
    void sixteenBitArithmeticIsFloat32Arithmetic(@TempDir Path temp) throws IOException {
        Recipe recipe = Golden.recipe(ROUNDED_THROUGHOUT);
        Path out = merge(recipe, temp.resolve("out"));
        Recipe wide = recipe.withTypes(Optional.of(DType.F32), Optional.of(DType.BF16));
        Path wideOut = merge(wide, temp.resolve("wide"));

        assertThat(out).hasSameBinaryContentAs(wideOut);
        assertSameTensors(out, Golden.weights(ROUNDED_THROUGHOUT));
        Deviation deviation = Deviation.between(out, Golden.weights(ROUNDED_THROUGHOUT));
        DEVIATIONS.put(ROUNDED_THROUGHOUT, deviation);
        assertThat((double) deviation.differing() / deviation.elements()).isBetween(0.1, 0.4);
        assertConfig(out.resolveSibling("config.json"), Golden.config(ROUNDED_THROUGHOUT));
    }

    @Test
    void elementsAreChosenAlikeButAtTheThreshold(@TempDir Path temp) throws IOException {
        Path out = merge(Golden.recipe(CHOSEN), temp.resolve("out"));

        assertSameTensors(out, Golden.weights(CHOSEN));
        long elements = 0;
        long different = 0;
        try (SafetensorsFile ours = SafetensorsFile.open(out);
                SafetensorsFile theirs = SafetensorsFile.open(Golden.weights(CHOSEN))) {
            for (String name : theirs.tensors().keySet()) {
                float[] a = ours.floats(name);
                float[] b = theirs.floats(name);
                for (int i = 0; i < b.length; i++) {
                    different += Math.abs(a[i] - b[i]) <= 1e-6 ? 0 : 1;
                }
                elements += b.length;
            }
        }
        assertThat(different).isLessThanOrEqualTo(elements / 4000);
        assertConfig(out.resolveSibling("config.json"), Golden.config(CHOSEN));
    }

    @Test
    void everyRecipeIsAccountedFor() throws IOException {
        assertThat(Golden.all()).hasSize(42);
        List<String> seen = new ArrayList<>(comparable());
        seen.add(ROUNDED_THROUGHOUT);
        seen.add(CHOSEN);
        assertThat(seen).containsExactlyInAnyOrderElementsOf(Golden.all());
    }

    private static Path merge(Recipe recipe, Path out) throws IOException {
        Merges.run(recipe, Golden.folder(), out, Options.DEFAULT.build());
        return out.resolve("model.safetensors");
    }

    private static void assertSameTensors(Path ours, Path theirs) throws IOException {
        try (SafetensorsFile a = SafetensorsFile.open(ours);
                SafetensorsFile b = SafetensorsFile.open(theirs)) {
            assertThat(a.tensors().values().stream().map(tensor -> tensor.info()))
                    .containsExactlyInAnyOrderElementsOf(
                            b.tensors().values().stream().map(tensor -> tensor.info()).toList());
        }
    }

    private static void assertConfig(Path ours, Path theirs) throws IOException {
        ObjectMapper json = new ObjectMapper();
        JsonNode a = json.readTree(ours.toFile());
        JsonNode b = json.readTree(theirs.toFile());
        assertThat(a.get("num_hidden_layers")).isEqualTo(b.get("num_hidden_layers"));
        assertThat(a.get("dtype")).isEqualTo(b.get("dtype"));
        assertThat(a.get("architectures")).isEqualTo(b.get("architectures"));
        assertThat(a.get("vocab_size")).isEqualTo(b.get("vocab_size"));
    }

    /** The figures, for whoever wants to quote them. */
    @AfterAll
    static void writeTable() throws IOException {
        List<String> lines = new ArrayList<>();
        lines.add(
                "| recipe | largest difference / largest magnitude | units | differing | beyond one unit | elements |");
        lines.add("|---|---|---|---|---|---|");
        DEVIATIONS.forEach(
                (name, d) ->
                        lines.add(
                                String.format(
                                        Locale.ROOT,
                                        "| %s | %.2g | %d | %d | %d | %d |",
                                        name,
                                        d.relative(),
                                        d.units(),
                                        d.differing(),
                                        d.beyond(),
                                        d.elements())));
        Files.write(
                Files.createDirectories(Path.of("target")).resolve("golden-deviations.md"), lines);
    }
}
