package io.amalgam.golden;

import static org.assertj.core.api.Assertions.assertThat;

import io.amalgam.formats.safetensors.SafetensorsFile;
import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A start takes its part out of tied embedding and head alike: against PEFT's model unmerged. */
class TiedStartsTest {
    private static final Path STARTS = GoldenLoraTest.LORA.resolve("tied-starts");

    @TempDir private Path temp;

    @ParameterizedTest
    @ValueSource(
            strings = {
                "pissa-head",
                "pissa-head-saved",
                "pissa-ends",
                "pissa-ends-saved",
                "pissa-ensured",
                "pissa-embedding",
                "pissa-head-whole-embedding",
                "olora-head",
                "olora-head-saved",
                "olora-ends",
                "olora-ends-saved"
            })
    void bothEnds(String adapter) throws IOException {
        Path merged =
                GoldenLoraTest.merge(
                        "../lora/tied-starts/base",
                        "../lora/tied-starts/" + adapter,
                        temp.resolve("out"));

        Path expected = STARTS.resolve(adapter + ".safetensors");
        assertThat(Deviation.between(merged, expected).relative()).isLessThanOrEqualTo(2e-6);
        try (SafetensorsFile out = SafetensorsFile.open(merged)) {
            assertThat(out.tensors()).containsKeys("model.embed_tokens.weight", "lm_head.weight");
        }
    }
}
