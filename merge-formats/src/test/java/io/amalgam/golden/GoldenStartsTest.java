package io.amalgam.golden;

import static org.assertj.core.api.Assertions.assertThat;

import io.amalgam.ModelLoader;
import io.amalgam.internal.lora.WeightedAdapter;
import io.amalgam.internal.lora.apply.LoraCheckpoint;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Adapters that changed their base before training, or say it is stored as it is not. */
class GoldenStartsTest {
    private static final Path STARTS = GoldenLoraTest.LORA.resolve("starts");

    @TempDir private Path temp;

    @ParameterizedTest
    @CsvSource({
        "base, pissa, 1e-6",
        "base, pissa-patterns, 1e-6",
        "base, pissa-dora, 1e-6",
        "base, pissa-conv1d, 1e-6",
        "base, olora, 1e-6",
        "base, olora-patterns, 1e-6",
        "base, olora-dora, 1e-6",
        "base, olora-conv1d, 1e-6",
        "base, gaussian, 1e-6",
        "base, mica, 1e-6",
        "turned-base, turned, 1e-6",
        "plain-base, plain, 1e-6"
    })
    void intoBase(String base, String adapter, double tolerance) throws IOException {
        Path merged =
                GoldenLoraTest.merge(
                        "../lora/starts/" + base, "../lora/starts/" + adapter, temp.resolve("out"));

        Path expected = STARTS.resolve(adapter + ".safetensors");
        assertThat(Deviation.between(merged, expected).relative()).isLessThanOrEqualTo(tolerance);
        assertThat(Deviation.between(merged, STARTS.resolve(base + "/model.safetensors")))
                .extracting(Deviation::relative)
                .satisfies(changed -> assertThat(changed).isGreaterThan(1e-2));
    }

    /** What is left of the base is rounded to its type, as PEFT does it. */
    @ParameterizedTest
    @ValueSource(strings = {"pissa-16", "olora-16"})
    void of16Bits(String adapter) throws IOException {
        Path merged =
                GoldenLoraTest.merge(
                        "../lora/starts/base", "../lora/starts/" + adapter, temp.resolve("out"));

        Path expected = STARTS.resolve(adapter + ".safetensors");
        assertThat(Deviation.between(merged, expected).beyond()).isZero();
        assertThat(Deviation.between(merged, expected).differing()).isLessThanOrEqualTo(2);
        assertThat(Deviation.between(merged, STARTS.resolve("base/model.safetensors")).differing())
                .isGreaterThan(100);
    }

    @Test
    void decomposingIsCountedAndOrientationSaid() throws IOException {
        ModelLoader formats = ModelLoader.load();
        try (LoraCheckpoint plain = over(formats, "base", "gaussian");
                LoraCheckpoint pissa = over(formats, "base", "pissa");
                LoraCheckpoint turned = over(formats, "turned-base", "turned")) {
            assertThat(pissa.bytesPerReader(100))
                    .isGreaterThan(plain.bytesPerReader(100) + 10 * 12 * 4);
            assertThat(pissa.warnings()).isEmpty();
            assertThat(turned.warnings())
                    .extracting(Object::toString)
                    .containsExactly(
                            "'fan_in_fan_out' of adapter 'turned': expected true for 1 of 1 modules,"
                                    + " such as 'attn.c_proj', got false; they are merged as the"
                                    + " base's weights lie");
        }
    }

    private static LoraCheckpoint over(ModelLoader formats, String base, String adapter)
            throws IOException {
        return formats.withAdapters(
                STARTS.resolve(base),
                base,
                List.of(new WeightedAdapter(formats.adapter(STARTS.resolve(adapter), adapter), 1)));
    }
}
