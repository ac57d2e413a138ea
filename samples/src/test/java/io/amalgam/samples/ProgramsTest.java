package io.amalgam.samples;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.amalgam.Checkpoints;
import io.amalgam.OpenModel;
import io.amalgam.internal.recipe.yaml.RecipeReader;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Every program runs, prints what it should, and stays short. */
class ProgramsTest {
    private static final Path SOURCES = Path.of("src/main/java/io/amalgam/samples");

    @TempDir Path out;

    /** A program's main method. */
    private interface Program {
        void run() throws IOException;
    }

    static List<Path> sources() throws IOException {
        try (Stream<Path> files = Files.list(SOURCES)) {
            return files.sorted().toList();
        }
    }

    @ParameterizedTest
    @MethodSource("sources")
    void programsHaveAtMost60Lines(Path source) throws IOException {
        assertThat(Files.readAllLines(source)).hasSizeBetween(10, 60);
    }

    @Test
    void accuracyOfTheUsualCheckpoints() throws IOException {
        // Only the first five: what follows depends on which merges were made in this folder.
        List<String> lines = output(DigitsAccuracy::main).subList(0, 5);
        assertThat(lines.get(0)).matches("checkpoint +plain +rotated +inverted +mirrored +mean");
        assertThat(lines.get(1)).matches("base( +[0-9]{2}\\.[0-9]%){5}");
        assertThat(lines.subList(2, 5)).allMatch(line -> line.startsWith("expert-"));
        assertThat(lines).allMatch(line -> line.length() == lines.get(0).length());
    }

    /** As {@code DigitsAccuracy} has it for both halves together: 81.1, 63.1 and 90.7. */
    @Test
    void scoreOfTheBase() throws IOException {
        String base = Digits.model("base").toString();
        double even = Double.parseDouble(output(() -> DigitsScore.main("even", base)).get(0));
        double odd = Double.parseDouble(output(() -> DigitsScore.main("odd", base)).get(0));
        assertThat((even + odd) / 2).isBetween(0.7825, 0.7835);
    }

    @Test
    void accuracyOfNamedCheckpoints() throws IOException {
        String soup = Digits.model("soup-3").toString();
        List<String> lines = output(() -> DigitsAccuracy.main(soup, soup + "/model.safetensors"));
        assertThat(lines).hasSize(3);
        assertThat(lines.get(1)).startsWith("soup-3 ").contains("%");
        assertThat(lines.get(2)).startsWith("model.safetensors ");
        assertThat(lines.get(2)).endsWith(lines.get(1).substring("model.safetensors".length()));
    }

    @Test
    void taskVectors() throws IOException {
        List<String> lines = output(TaskVectorSample::main);
        assertThat(lines).hasSize(8);
        assertThat(lines.get(0)).matches("length of rotation: 3\\.639[89].*");
        assertThat(lines.get(1)).matches("length of rotation \\+ inversion: 5\\.36[78].*");
        assertThat(lines.subList(3, 8)).allMatch(line -> line.startsWith("base"));
    }

    @Test
    void mergeOfArrays() throws IOException {
        List<String> lines = output(ArrayMergeSample::main);
        assertThat(lines).hasSize(5);
        assertThat(lines.get(4)).startsWith("ties, density 1.0 ");
    }

    @Test
    void roundOfFederatedLearning() throws IOException {
        List<String> lines = output(() -> FederatedRound.main(out.toString()));
        assertThat(lines).hasSize(6);
        assertThat(lines.get(4)).startsWith("4 clients, 2037.0 examples ");
        try (OpenModel average = Checkpoints.open(out.resolve("average.safetensors"))) {
            new TorchAccuracies().assertSame("MERGE fedavg", average.tensors(), 2);
        }
    }

    @Test
    void adapters() throws IOException {
        List<String> lines = output(LoraSample::main);
        assertThat(lines).hasSize(7);
        assertThat(lines.subList(1, 7)).allMatch(line -> line.contains("%"));
    }

    @Test
    void recipesBuiltInCode() throws IOException {
        List<String> lines = output(() -> RecipeInCode.main(out.toString()));
        assertThat(lines).hasSize(7);
        assertThat(lines.get(6)).isEqualTo("merges are in " + out);
        assertThat(out.resolve("weight-0.3/model.safetensors")).isRegularFile();
        new TorchAccuracies().assertSame("MERGE task arithmetic 0.3", out.resolve("weight-0.3"), 2);
    }

    @Test
    void recipeFile() throws IOException {
        String recipe = Digits.HOME.resolve("recipes/digits-median.yml").toString();
        Path merged = out.resolve("median");
        List<String> lines = output(() -> RunRecipe.main(recipe, merged.toString()));
        assertThat(lines).containsExactly("6 tensors merged");
        assertThat(merged).isDirectoryContaining(file -> file.endsWith("amalgam-report.json"));
    }

    @Test
    void mergeSaidInCode() throws IOException {
        Path merged = out.resolve("built");
        List<String> lines = output(() -> BuilderSample.main(merged.toString()));
        assertThat(lines.get(0)).isEqualTo("merge_method: ties");
        assertThat(lines.get(lines.size() - 1)).isEqualTo("6 tensors merged to " + merged);
        String yaml = String.join("\n", lines.subList(0, lines.size() - 2)) + "\n";
        assertThat(merged.resolve("amalgam-recipe.yml")).hasContent(yaml);

        // The recipe written beside the model makes the same model.
        Path again = out.resolve("again");
        Recipes.merge(
                RecipeReader.read(merged.resolve("amalgam-recipe.yml")), Digits.model("."), again);
        assertThat(again.resolve("model.safetensors"))
                .hasSameBinaryContentAs(merged.resolve("model.safetensors"));
    }

    @Test
    void mergeInMemory() throws IOException {
        List<String> lines = output(() -> InMemorySample.main(out.toString()));
        assertThat(lines).hasSize(3);
        assertThat(lines.get(1)).startsWith("slerp 0.4 ");
        String written = out.resolve("half-rotated").toString();
        assertThat(output(() -> DigitsAccuracy.main(written)).get(1).substring(20).strip())
                .isEqualTo(lines.get(2).substring(20).strip());
        assertThat(out.resolve("half-rotated/config.json")).isRegularFile();
    }

    @Test
    void progressAndCancellation() throws IOException {
        Path stopped = out.resolve("stopped");
        List<String> lines = output(() -> ProgressSample.main(stopped.toString()));
        assertThat(lines.get(0)).isEqualTo("begins: 6 tensors");
        assertThat(lines)
                .containsSubsequence(
                        "stopped; a model there: false", "went on; a model there: true");
    }

    @Test
    void aMethodOfOnesOwn() throws IOException {
        List<String> lines = output(OwnMethodSample::main);
        assertThat(lines).hasSize(5);
        List<String> known = output(DigitsAccuracy::main);
        assertThat(lines.get(1).substring(20).strip())
                .isEqualTo(known.get(1).substring(20).strip());
        assertThat(lines.get(4).substring(20).strip())
                .isEqualTo(known.get(2).substring(20).strip());
    }

    @Test
    void recipeFileNeedsTwoArguments() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> RunRecipe.main("recipe.yml"))
                .withMessage("usage: RunRecipe RECIPE OUT");
    }

    private static List<String> output(Program program) throws IOException {
        PrintStream before = System.out;
        ByteArrayOutputStream written = new ByteArrayOutputStream();
        try (PrintStream captured = new PrintStream(written, true, StandardCharsets.UTF_8)) {
            System.setOut(captured);
            program.run();
        } finally {
            System.setOut(before);
        }
        return written.toString(StandardCharsets.UTF_8).lines().toList();
    }
}
