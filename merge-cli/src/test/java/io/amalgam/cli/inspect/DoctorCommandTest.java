package io.amalgam.cli.inspect;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.amalgam.cli.Cli;
import io.amalgam.internal.kernel.KernelProvider;
import java.io.IOException;
import org.junit.jupiter.api.Test;

class DoctorCommandTest {
    @Test
    void tellsWhatMergesRunOn() throws IOException {
        JsonNode json = Cli.run("doctor", "--json").json();

        assertThat(json.path("java").asText()).isEqualTo(System.getProperty("java.version"));
        assertThat(json.path("kernels").asText())
                .isEqualTo(KernelProvider.choose(KernelProvider.Choice.AUTO).explanation());
        assertThat(json.path("heap_bytes").asLong()).isEqualTo(Runtime.getRuntime().maxMemory());
        assertThat(json.path("nd4j").asText()).startsWith("1.0.0-M2.1, CpuBackend");
        assertThat(json.path("formats"))
                .extracting(JsonNode::asText)
                .contains("safetensors", "huggingface");
    }

    @Test
    void textHasALineForEach() {
        Cli result = Cli.run("doctor");

        assertThat(result.exit()).isZero();
        assertThat(result.out())
                .containsPattern("(?m)^kernels +(simd|scalar)")
                .containsPattern("(?m)^formats +.*huggingface")
                .containsPattern("(?m)^nd4j +1\\.");
    }
}
