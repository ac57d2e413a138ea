package io.amalgam.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.amalgam.Merge;
import io.amalgam.Parameter;
import io.amalgam.RecipeMerge;
import io.amalgam.error.BadInputException;
import io.amalgam.runs.Batch;
import io.amalgam.tensor.DType;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Merges in code write what the command writes: single files and quantised weights too. */
class LibraryOutputTest {
    private static final Path GOLDEN =
            Path.of("..", "merge-formats", "src", "test", "resources", "golden").toAbsolutePath();
    private static final Path MODEL = GOLDEN.resolve("gguf/models/hf-llama").normalize();

    private static final Path OTHER = MODEL.resolveSibling("gguf-llama-q8_0/llama-q8_0.gguf");

    @TempDir Path folder;
    private Path recipe;

    @BeforeEach
    void recipe() throws IOException {
        recipe = Models.recipe(folder, merge().yaml());
    }

    private static Merge merge() {
        return Merge.linear()
                .model(MODEL, Parameter.weight(1))
                .model(OTHER, Parameter.weight(2))
                .with(Parameter.normalize(false));
    }

    private Path out(String name) {
        return folder.resolve(name);
    }

    /** What the command writes. A GGUF file names itself: such files have one name here. */
    private Path byCommand(String name, Object... options) throws IOException {
        Object[] words = new Object[options.length + 3];
        words[0] = "merge";
        words[1] = recipe;
        words[2] = out(name);
        System.arraycopy(options, 0, words, 3, options.length);
        Cli result = Cli.run(words);
        assertThat(result.exit()).as(result.err()).isZero();
        return weights(out(name));
    }

    private static Path weights(Path out) {
        return Files.isDirectory(out) ? out.resolve("model.safetensors") : out;
    }

    @Test
    void aGgufFile() throws IOException {
        Path expected = byCommand("command/m.gguf");

        merge().to(out("merge/m.gguf")).run();
        merge().to(out("words/m.gguf").toString()).run();
        Merge.recipe(recipe).to(out("recipe/m.gguf")).run();

        assertThat(weights(out("merge/m.gguf"))).hasSameBinaryContentAs(expected);
        assertThat(weights(out("words/m.gguf"))).hasSameBinaryContentAs(expected);
        assertThat(weights(out("recipe/m.gguf"))).hasSameBinaryContentAs(expected);
    }

    @Test
    void aQuantisedGgufFile() throws IOException {
        Path expected = byCommand("command/m.gguf", "--quantise", "q8_0");

        merge().quantise("q8_0").to(out("merge/m.gguf")).run();
        Merge.recipe(recipe).quantise("q8_0").to(out("recipe/m.gguf")).run();

        assertThat(weights(out("merge/m.gguf"))).hasSameBinaryContentAs(expected);
        assertThat(weights(out("recipe/m.gguf"))).hasSameBinaryContentAs(expected);
    }

    @Test
    void aQuantisedDirectory() throws IOException {
        Path expected = byCommand("command", "--quantise", "fp8");
        Merge quantised = merge().quantise("fp8");

        quantised.to(out("merge")).run();
        Path written = Models.recipe(Files.createDirectory(out("yaml")), quantised.yaml());
        Merge.recipe(written).to(out("recipe")).run();
        List<Batch.Result> results =
                Batch.of(List.of(recipe)).quantise("fp8").run(folder.resolve("batch"));

        assertThat(quantised.yaml()).contains("out_dtype: fp8");
        assertThat(weights(out("merge"))).hasSameBinaryContentAs(expected);
        assertThat(weights(out("recipe"))).hasSameBinaryContentAs(expected);
        assertThat(weights(results.get(0).output())).hasSameBinaryContentAs(expected);
    }

    @Test
    void typesThatCannotBeWrittenAreRefused() {
        RecipeMerge intoFolder = Merge.recipe(recipe).quantise("q8_0").to(out("folder"));
        assertThatThrownBy(intoFolder::run)
                .isInstanceOf(BadInputException.class)
                .hasMessageContaining("an output that ends in '.gguf' only");
        assertThatThrownBy(() -> merge().quantise("fp9").to(out("folder")).run())
                .isInstanceOf(BadInputException.class)
                .hasMessageContaining("'fp9'");
        assertThatIllegalStateException()
                .isThrownBy(() -> merge().quantise("fp8").outDtype(DType.F16).recipe())
                .withMessage("a merge has either outDtype(...) or quantise(...)");
        assertThatIllegalStateException()
                .isThrownBy(() -> merge().quantise("fp8").toArrays())
                .withMessage("arrays are not quantised: use to(...) and run()");
        assertThat(out("folder")).doesNotExist();
    }
}
