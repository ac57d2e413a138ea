package io.amalgam.internal.formats.gguf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.amalgam.ModelLoader;
import io.amalgam.checkpoint.OutputFormat;
import io.amalgam.endtoend.Merges;
import io.amalgam.endtoend.Options;
import io.amalgam.engine.Cancellation;
import io.amalgam.engine.MergeListener;
import io.amalgam.error.BadInputException;
import io.amalgam.internal.engine.MergeEngine;
import io.amalgam.internal.method.builtin.BuiltInMethods;
import io.amalgam.internal.plan.MergePlanner;
import io.amalgam.plan.MergePlan;
import io.amalgam.plan.PlanOptions;
import io.amalgam.recipe.Location;
import io.amalgam.recipe.Recipe.QuantisedType;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Files that are equal, byte for byte, to those of llama.cpp's converter. */
class GgufOutputTest {
    static final Path MODELS = Path.of("src/test/resources/golden/gguf/models").toAbsolutePath();

    @TempDir Path temp;

    static void convert(String model, String title, String type, Path out, Options options)
            throws IOException {
        OutputFormat format = new GgufOutput().titled(title).to(out);
        PlanOptions planning =
                Optional.of(type)
                        .filter(t -> !t.isEmpty())
                        .map(
                                t ->
                                        PlanOptions.DEFAULT.quantised(
                                                new QuantisedType(t, Location.NONE)))
                        .orElse(PlanOptions.DEFAULT);
        String recipe = "merge_method: passthrough\nmodels:\n  - model: " + model + "\n";
        try (MergePlan plan =
                new MergePlanner(
                                BuiltInMethods.load(),
                                ModelLoader.load().models(List.of(MODELS)),
                                format)
                        .plan(Merges.recipe(recipe), planning)) {
            MergeEngine.run(plan, out, options.build(), MergeListener.NONE, new Cancellation());
        }
    }

    @ParameterizedTest
    @CsvSource({
        "hf-llama, Hf Llama, f32, gguf-llama/llama-f32.gguf",
        "hf-llama, Hf Llama, f16, gguf-llama-f16/llama-f16.gguf",
        "hf-llama, Hf Llama, bf16, gguf-llama-bf16/llama-bf16.gguf",
        "hf-llama, Hf Llama, q8_0, gguf-llama-q8_0/llama-q8_0.gguf",
        "hf-mistral, Hf Mistral, f32, gguf-mistral/mistral-f32.gguf",
        "hf-qwen2, Hf Qwen2, f32, gguf-qwen2/qwen2-f32.gguf",
        "hf-qwen3, Hf Qwen3, '', gguf-qwen3/qwen3-f32.gguf",
        "hf-gemma2, Hf Gemma2, f32, gguf-gemma2/gemma2-f32.gguf",
        "hf-gemma3, Hf Gemma3, f32, gguf-gemma3/gemma3-f32.gguf",
        "hf-phi3, Tiny, f32, gguf-phi3/phi3-f32.gguf",
        "hf-bert, Hf Bert, f32, gguf-bert/bert-f32.gguf",
        "hf-roberta, Hf Roberta, f32, gguf-roberta/roberta-f32.gguf",
        "hf-distilbert, Hf Distilbert, f32, gguf-distilbert/distilbert-f32.gguf",
    })
    void theBytesOfTheConverter(String model, String title, String type, String golden)
            throws IOException {
        Path out = temp.resolve("out.gguf");
        convert(model, title, type, out, Options.DEFAULT);
        try (GgufFile ours = GgufFile.open(out);
                GgufFile theirs = GgufFile.open(MODELS.resolve(golden))) {
            assertThat(ours.metadata().values().keySet())
                    .containsExactlyElementsOf(theirs.metadata().values().keySet());
            assertThat(ours.tensors().keySet())
                    .containsExactlyElementsOf(theirs.tensors().keySet());
        }
        assertThat(out).hasSameBinaryContentAs(MODELS.resolve(golden));
        try (var left = Files.list(temp)) {
            assertThat(left.map(p -> p.getFileName().toString()))
                    .containsExactlyInAnyOrder(
                            "out.gguf",
                            "out.gguf.amalgam-report.json",
                            "out.gguf.amalgam-recipe.yml");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"q8_0", "q4_0", "q4_1", "q5_0", "q5_1", "bf16"})
    void threadsAndBlocksChangeNoByte(String type) throws IOException {
        convert("hf-llama", "x", type, temp.resolve("a.gguf"), Options.DEFAULT.threads(1));
        convert(
                "hf-llama",
                "x",
                type,
                temp.resolve("b.gguf"),
                Options.DEFAULT.threads(3).memory(12 << 20));
        assertThat(temp.resolve("b.gguf")).hasSameBinaryContentAs(temp.resolve("a.gguf"));
    }

    /** Rows are 32 wide but for one matrix's, and the head is stored better than the rest. */
    @Test
    void someTensorsTakeOtherTypes() throws IOException {
        Path out = temp.resolve("out.gguf");
        convert("hf-qwen2", "x", "q4_0", out, Options.DEFAULT);
        try (GgufFile file = GgufFile.open(out)) {
            assertThat(file.tensors().get("token_embd.weight").type()).isEqualTo(GgmlType.Q8_0);
            assertThat(file.tensors().get("blk.0.attn_q.weight").type()).isEqualTo(GgmlType.Q4_0);
            assertThat(file.tensors().get("blk.0.ffn_down.weight").type()).isEqualTo(GgmlType.F16);
            assertThat(file.tensors().get("blk.0.attn_q.bias").type()).isEqualTo(GgmlType.F32);
            assertThat(file.metadata().whole("general.file_type")).hasValue(2);
        }
    }

    /** What GGUF holds is what it is read as, so a second file is the first one again. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "gguf-llama/llama-f32.gguf",
                "gguf-qwen3/qwen3-f32.gguf",
                "gguf-bert/bert-f32.gguf",
                "gguf-roberta/roberta-f32.gguf",
                "gguf-gemma2/gemma2-f32.gguf"
            })
    void tensorsAndTokenizersOfFilesAreWrittenAgain(String golden) throws IOException {
        Path out = temp.resolve("out.gguf");
        convert(golden, "x", "f32", out, Options.DEFAULT);
        try (GgufFile ours = GgufFile.open(out);
                GgufFile theirs = GgufFile.open(MODELS.resolve(golden))) {
            assertThat(ours.tensors().keySet())
                    .containsExactlyElementsOf(theirs.tensors().keySet());
            for (String key : theirs.metadata().values().keySet()) {
                if (key.startsWith("tokenizer.")) {
                    assertThat(ours.metadata().has(key)).as(key).isTrue();
                }
            }
        }
    }

    @Test
    void aFileIsThereWholeOrNotAtAll() throws IOException {
        Path out = temp.resolve("out.gguf");
        Files.writeString(out, "mine");
        assertThatThrownBy(() -> convert("hf-llama", "x", "f16", out, Options.DEFAULT))
                .isInstanceOf(BadInputException.class)
                .hasMessageContaining("expected a new file");
        assertThat(out).hasContent("mine");
        Path folder = Files.createDirectory(temp.resolve("folder.gguf"));
        assertThatThrownBy(() -> convert("hf-qwen2", "x", "f16", folder, Options.DEFAULT))
                .isInstanceOf(BadInputException.class)
                .hasMessageContaining("expected a file, got a directory");
        convert("hf-llama", "x", "f16", out, Options.DEFAULT.overwriting());
        try (GgufFile file = GgufFile.open(out)) {
            assertThat(file.metadata().text("general.name")).contains("x");
        }
        assertThat(temp.resolve("out.gguf.amalgam-partial")).doesNotExist();
    }

    @ParameterizedTest
    @CsvSource({
        "37472, 37K",
        "17280, 17K",
        "999, 1.0K",
        "9500, 10K",
        "9400, 9.4K",
        "12500, 12K",
        "1100000000, 1.1B",
        "70553706496, 71B"
    })
    void sizesAreSaidInTwoDigits(long parameters, String label) {
        assertThat(ModelName.size(parameters)).isEqualTo(label);
    }

    @ParameterizedTest
    @CsvSource({"hf-llama, Hf Llama", "models/Qwen2.5-7B/, Qwen2.5 7B", "a/tiny.gguf, Tiny"})
    void modelsAreCalledAfterTheirFolders(String path, String title) {
        assertThat(GgufOutput.title(path)).isEqualTo(title);
    }

    /** Codes that are not read, say, are copied to folders; a GGUF file has no such types. */
    @Test
    void typesThatGgufHasNot() throws IOException {
        Path model = Files.createDirectory(temp.resolve("m"));
        for (String file : List.of("config.json", "tokenizer.json", "tokenizer_config.json")) {
            Files.copy(MODELS.resolve("hf-llama").resolve(file), model.resolve(file));
        }
        String weights =
                Files.readString(
                        MODELS.resolve("hf-llama/model.safetensors"), StandardCharsets.ISO_8859_1);
        String norm = "\"model.norm.weight\":{\"dtype\":";
        assertThat(weights).contains(norm + "\"F32\",\"shape\":[32]");
        Files.writeString(
                model.resolve("model.safetensors"),
                weights.replace(norm + "\"F32\",\"shape\":[32]", norm + "\"U8\",\"shape\":[128]"),
                StandardCharsets.ISO_8859_1);
        Path out = temp.resolve("out.gguf");
        assertThatThrownBy(() -> convert(model.toString(), "M", "", out, Options.DEFAULT))
                .isInstanceOf(BadInputException.class)
                .hasMessage(
                        "type of tensor 'model.norm.weight': expected one that GGUF has, got U8; write a folder");
        assertThat(out).doesNotExist();
    }
}
