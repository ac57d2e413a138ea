package io.amalgam.golden;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import io.amalgam.ModelLoader;
import io.amalgam.checkpoint.Checkpoint;
import io.amalgam.internal.lora.NewAdapter;
import io.amalgam.internal.lora.WeightedAdapter;
import io.amalgam.internal.lora.combine.AdapterCombiner;
import io.amalgam.internal.lora.combine.CombineOptions;
import io.amalgam.internal.lora.extract.ExtractOptions;
import io.amalgam.internal.lora.extract.Extraction;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * PEFT loads the adapters written here and finds a tensor for each of its own. Runs where the
 * interpreter named by the environment variable {@code AMALGAM_PYTHON}, or {@code python3}, has
 * PEFT and transformers, and is skipped elsewhere.
 */
class PeftReadsOursTest {
    private static final String PYTHON = System.getenv().getOrDefault("AMALGAM_PYTHON", "python3");
    private static final Path SCRIPT = Path.of("..", "tools", "peft", "check-adapter.py");

    @TempDir private Path temp;

    @Test
    void combinedWithDifferentRanks() throws Exception {
        ModelLoader formats = ModelLoader.load();
        List<WeightedAdapter> adapters = new ArrayList<>();
        for (String name : List.of("a", "patterns")) {
            Path path = GoldenLoraTest.LORA.resolve("adapters/" + name);
            adapters.add(new WeightedAdapter(formats.adapter(path, name), 0.5));
        }
        NewAdapter combined =
                AdapterCombiner.of(adapters, CombineOptions.of("cat"), Optional.empty()).adapter();
        for (WeightedAdapter weighted : adapters) {
            weighted.adapter().close();
        }
        assertLoads(combined);
    }

    @Test
    void extracted() throws Exception {
        ModelLoader formats = ModelLoader.load();
        Path models = Golden.folder().resolve("models");
        Path tuned;
        try (var all = Files.list(models)) {
            tuned =
                    all.filter(m -> !m.endsWith("base") && !m.toString().endsWith("-bf16"))
                            .sorted()
                            .findFirst()
                            .orElseThrow();
        }
        try (Checkpoint from = formats.open(tuned, "tuned");
                Checkpoint origin = formats.open(models.resolve("base"), "base")) {
            assertLoads(
                    Extraction.of(from, origin, "base", ExtractOptions.ofRank(3), Optional.empty())
                            .adapter());
        }
    }

    private void assertLoads(NewAdapter adapter) throws IOException, InterruptedException {
        Path out = temp.resolve("adapter");
        ModelLoader.load().adapterFormat().write(out, adapter);
        Process process;
        try {
            process =
                    new ProcessBuilder(
                                    PYTHON,
                                    SCRIPT.toString(),
                                    Golden.folder().resolve("models/base").toString(),
                                    out.toString())
                            .redirectErrorStream(true)
                            .start();
        } catch (IOException e) {
            assumeFalse(true, "skipped: no '" + PYTHON + "'; name one in AMALGAM_PYTHON");
            return;
        }
        String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        int exit = process.waitFor();
        assumeFalse(said.contains("skipped: "), said);
        assertThat(exit).as(said).isZero();
        assertThat(said).contains(" 0 not taken, 0 made up");
    }
}
