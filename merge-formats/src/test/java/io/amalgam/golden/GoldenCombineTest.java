package io.amalgam.golden;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.amalgam.ModelLoader;
import io.amalgam.formats.safetensors.SafetensorsFile;
import io.amalgam.internal.checkpoint.TensorReads;
import io.amalgam.internal.lora.Adapter;
import io.amalgam.internal.lora.LoraModule;
import io.amalgam.internal.lora.WeightedAdapter;
import io.amalgam.internal.lora.combine.AdapterCombiner;
import io.amalgam.internal.lora.combine.CombineOptions;
import io.amalgam.internal.lora.combine.CombineResult;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Adapters combined, written and read again, against what PEFT made of them. */
class GoldenCombineTest {
    @TempDir private Path temp;

    static List<String> cases() throws IOException {
        List<String> names = new ArrayList<>();
        json().properties().forEach(entry -> names.add(entry.getKey()));
        assertThat(names).hasSize(9);
        return names;
    }

    private static JsonNode json() throws IOException {
        return new ObjectMapper().readTree(GoldenLoraTest.LORA.resolve("cases.json").toFile());
    }

    @ParameterizedTest
    @MethodSource("cases")
    void addsWhatPeftAdds(String name) throws IOException {
        JsonNode call = json().get(name);
        CombineOptions options = CombineOptions.of(call.get("combination_type").textValue());
        if (call.has("svd_rank")) {
            options = options.withRank(call.get("svd_rank").intValue());
        }
        if (call.has("density")) {
            options = options.withDensity(call.get("density").doubleValue());
        }
        if (call.path("majority_sign_method").asText("").equals("frequency")) {
            options = options.electingByFrequency();
        }
        ModelLoader formats = ModelLoader.load();
        List<WeightedAdapter> adapters = new ArrayList<>();
        for (int i = 0; i < call.get("adapters").size(); i++) {
            String adapter = call.get("adapters").get(i).textValue();
            adapters.add(
                    new WeightedAdapter(
                            formats.adapter(
                                    GoldenLoraTest.LORA.resolve("adapters/" + adapter), adapter),
                            call.get("weights").get(i).doubleValue()));
        }
        CombineResult combined = AdapterCombiner.of(adapters, options, Optional.empty());
        for (WeightedAdapter weighted : adapters) {
            weighted.adapter().close();
        }
        formats.adapterFormat().write(temp.resolve("out"), combined.adapter());

        Path expected = GoldenLoraTest.LORA.resolve("expected/" + name);
        try (Adapter ours = formats.adapter(temp.resolve("out"), "out");
                SafetensorsFile deltas =
                        SafetensorsFile.open(expected.resolve("delta.safetensors"));
                Adapter theirs = formats.adapter(expected, "peft")) {
            assertThat(ours.modules().keySet())
                    .containsExactlyInAnyOrderElementsOf(theirs.modules().keySet());
            for (LoraModule module : ours.modules().values()) {
                assertThat(module.rank()).isEqualTo(theirs.modules().get(module.name()).rank());
                float[] delta = deltas.floats(module.name() + ".weight");
                double[] got = delta(module);
                for (int i = 0; i < delta.length; i++) {
                    assertThat(got[i]).isCloseTo(delta[i], within(1e-5));
                }
            }
        }
    }

    /** How far PEFT's own result is from the sum of the changes, and that docs/lora.md says so. */
    @Test
    void crossTermsArePefts() throws IOException {
        ModelLoader formats = ModelLoader.load();
        Path adapters = GoldenLoraTest.LORA.resolve("adapters");
        Path peft = GoldenLoraTest.LORA.resolve("expected/linear-negative/delta.safetensors");
        try (Adapter a = formats.adapter(adapters.resolve("a"), "a");
                Adapter b = formats.adapter(adapters.resolve("b"), "b");
                SafetensorsFile deltas = SafetensorsFile.open(peft)) {
            List<WeightedAdapter> both =
                    List.of(new WeightedAdapter(a, 1), new WeightedAdapter(b, -0.5));
            CombineResult combined =
                    AdapterCombiner.of(both, CombineOptions.of("linear"), Optional.empty());
            for (CombineResult.Report report : combined.modules()) {
                double[] one = delta(a.modules().get(report.module()));
                double[] other = delta(b.modules().get(report.module()));
                float[] got = deltas.floats(report.module() + ".weight");
                double off = 0;
                double sum = 0;
                for (int i = 0; i < one.length; i++) {
                    double wanted = one[i] - 0.5 * other[i];
                    sum += wanted * wanted;
                    off += (got[i] - wanted) * (got[i] - wanted);
                }
                assertThat(report.crossTerms().orElseThrow())
                        .isCloseTo(Math.sqrt(off / sum), within(1e-5))
                        .isBetween(0.64, 0.78);
            }
            assertThat(combined.modules().get(0).crossTerms().orElseThrow())
                    .isCloseTo(0.6636, within(1e-4));
            assertThat(combined.modules().get(0).norm()).isCloseTo(0.7246, within(1e-4));
        }
    }

    /** {@code scale B A} of a stored module. */
    private static double[] delta(LoraModule module) throws IOException {
        float[] a = TensorReads.of(module.a());
        float[] b = TensorReads.of(module.b());
        int in = (int) module.in();
        double[] delta = new double[(int) module.out() * in];
        for (int i = 0; i < delta.length; i++) {
            for (int k = 0; k < module.rank(); k++) {
                delta[i] += module.scale() * b[i / in * module.rank() + k] * a[k * in + i % in];
            }
        }
        return delta;
    }
}
