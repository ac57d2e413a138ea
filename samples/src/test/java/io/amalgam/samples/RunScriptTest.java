package io.amalgam.samples;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@DisabledOnOs(value = OS.WINDOWS, disabledReason = "there is no sh")
class RunScriptTest {
    @ParameterizedTest
    @ValueSource(strings = {"Nope", "Classifier"})
    void anUnknownSampleIsToldWithTheKnownOnes(String name)
            throws IOException, InterruptedException {
        Process script = new ProcessBuilder("sh", "run", name).redirectErrorStream(true).start();
        String said = new String(script.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(script.waitFor()).isEqualTo(2);
        assertThat(said)
                .startsWith("error: no sample '" + name + "'\nusage: samples/run NAME")
                .contains("  DigitsAccuracy\n", "  MedianMethod\n")
                .doesNotContain("  Classifier");
    }
}
