package io.amalgam.golden;

import static org.assertj.core.api.Assertions.assertThat;

import io.amalgam.endtoend.Merges;
import io.amalgam.endtoend.Options;
import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Adapters in recipes, against what PEFT makes of base and adapter. */
class GoldenLoraTest {
    static final Path LORA = Golden.folder().resolveSibling("lora");

    @TempDir private Path temp;

    @ParameterizedTest
    @ValueSource(strings = {"a", "b", "c", "rslora", "patterns", "dora", "saved"})
    void intoBase(String adapter) throws IOException {
        Path merged = merge("models/base", "../lora/adapters/" + adapter);

        Path expected = LORA.resolve("expected/into-base-" + adapter + ".safetensors");
        assertThat(Deviation.between(merged, expected).relative()).isLessThanOrEqualTo(1e-6);
        assertThat(
                        Deviation.between(
                                merged, Golden.folder().resolve("models/base/model.safetensors")))
                .extracting(Deviation::relative)
                .satisfies(changed -> assertThat(changed).isGreaterThan(1e-3));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "embedding",
                "conv",
                "conv1d",
                "lora-bias",
                "bias-all",
                "bias-lora-only",
                "saved",
                "dora-embedding",
                "dora-conv",
                "dora-conv1d"
            })
    void everyKindOfModule(String kind) throws IOException {
        Path merged = merge("../lora/modules/base", "../lora/modules/" + kind);

        Path expected = LORA.resolve("modules/" + kind + ".safetensors");
        assertThat(Deviation.between(merged, expected).relative()).isLessThanOrEqualTo(1e-6);
    }

    private Path merge(String base, String adapter) throws IOException {
        return merge(base, adapter, temp.resolve("out"));
    }

    static Path merge(String base, String adapter, Path out) throws IOException {
        String recipe =
                "merge_method: passthrough\nmodels:\n  - model: {model: "
                        + base
                        + ", lora: "
                        + adapter
                        + "}\n";
        Merges.run(Merges.recipe(recipe), Golden.folder(), out, Options.DEFAULT.build());
        return out.resolve("model.safetensors");
    }
}
