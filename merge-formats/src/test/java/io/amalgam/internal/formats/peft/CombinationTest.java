package io.amalgam.internal.formats.peft;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.amalgam.error.BadInputException;
import io.amalgam.formats.safetensors.NamedTensor;
import io.amalgam.internal.checkpoint.TensorReads;
import io.amalgam.internal.linalg.Matrix;
import io.amalgam.internal.lora.Adapter;
import io.amalgam.internal.lora.LoraModule;
import io.amalgam.internal.lora.LowRankDelta;
import io.amalgam.internal.lora.WeightedAdapter;
import io.amalgam.internal.lora.combine.AdapterCombiner;
import io.amalgam.internal.lora.combine.CombineOptions;
import io.amalgam.internal.lora.combine.CombineOptions.On;
import io.amalgam.internal.lora.combine.CombineResult;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** One adapter of several: sums, cuts, and merge methods over smaller things. */
class CombinationTest {
    private static final int IN = 50;
    private static final int OUT = 40;

    @TempDir private Path folder;
    private Adapters adapters;
    private NamedTensor a1;
    private NamedTensor b1;
    private NamedTensor a2;
    private NamedTensor b2;
    private Path one;
    private Path two;

    @BeforeEach
    void start() throws IOException {
        adapters = new Adapters(folder);
        a1 = adapters.random("base_model.model.m.lora_A.weight", 4, IN);
        b1 = adapters.random("base_model.model.m.lora_B.weight", OUT, 4);
        a2 = adapters.random("base_model.model.m.lora_A.weight", 3, IN);
        b2 = adapters.random("base_model.model.m.lora_B.weight", OUT, 3);
        one = adapters.peft("one", config(4), a1, b1);
        two = adapters.peft("two", config(3), a2, b2);
    }

    private static String config(int rank) {
        return "{\"peft_type\": \"LORA\", \"r\": " + rank + ", \"lora_alpha\": 6}";
    }

    private CombineResult combine(CombineOptions options, List<Path> paths, double... weights)
            throws IOException {
        List<WeightedAdapter> opened = new ArrayList<>();
        try {
            for (int i = 0; i < weights.length; i++) {
                opened.add(new WeightedAdapter(Adapters.open(paths.get(i)), weights[i]));
            }
            return AdapterCombiner.of(opened, options, Optional.empty());
        } finally {
            for (WeightedAdapter weighted : opened) {
                weighted.adapter().close();
            }
        }
    }

    private static double[] delta(CombineResult combined) {
        LowRankDelta module = combined.adapter().modules().get(0);
        Matrix product = module.b().times(module.a());
        double[] delta = new double[product.rows() * product.cols()];
        for (int i = 0; i < delta.length; i++) {
            delta[i] = product.get(i / product.cols(), i % product.cols());
        }
        return delta;
    }

    /** The weighted sum of both adapters' changes. */
    private double[] sum(double w1, double w2) {
        double[] delta = Adapters.plus(new double[IN * OUT], w1 * 6 / 4, b1, a1);
        return Adapters.plus(delta, w2 * 6 / 3, b2, a2);
    }

    @ParameterizedTest
    @ValueSource(strings = {"cat", "exact"})
    void sumsAreExact(String method) throws IOException {
        CombineResult combined = combine(CombineOptions.of(method), List.of(one, two), 0.7, -0.4);
        assertThat(combined.adapter().modules().get(0).rank()).isEqualTo(7);
        assertThat(combined.mostDiscarded()).isLessThan(1e-12);
        assertThat(delta(combined)).containsExactly(sum(0.7, -0.4), within(1e-5));
        double squares = Arrays.stream(sum(0.7, -0.4)).map(x -> x * x).sum();
        assertThat(combined.modules().get(0).norm()).isCloseTo(Math.sqrt(squares), within(1e-5));
    }

    @ParameterizedTest
    @ValueSource(strings = {"cat", "exact"})
    void anAdapterAndItselfTakenAwayAreNothing(String method) throws IOException {
        Path copy = adapters.peft("copy", config(4), a1, b1);
        for (Path same : List.of(one, copy)) {
            CombineResult combined = combine(CombineOptions.of(method), List.of(one, same), 1, -1);
            assertThat(delta(combined)).containsOnly(0.0);
            assertThat(combined.modules().get(0).norm()).isZero();
        }
    }

    @Test
    void linearIsNotTheSumAndSaysHowFar() throws IOException {
        Path other =
                adapters.peft(
                        "other",
                        config(4),
                        adapters.random("base_model.model.m.lora_A.weight", 4, IN),
                        adapters.random("base_model.model.m.lora_B.weight", OUT, 4));
        CombineResult combined = combine(CombineOptions.of("linear"), List.of(one, other), 1, -0.5);
        assertThat(combined.warnings()).hasSize(1);
        assertThat(combined.modules().get(0).crossTerms().orElseThrow()).isBetween(0.3, 3.0);
        CombineResult alone = combine(CombineOptions.of("linear"), List.of(one), 1);
        assertThat(alone.modules().get(0).crossTerms().orElseThrow()).isLessThan(1e-6);
    }

    @Test
    void theCutIsTheBestAndSaysWhatIsLost() throws IOException {
        CombineResult whole = combine(CombineOptions.of("exact"), List.of(one, two), 1, 1);
        CombineResult cut =
                combine(CombineOptions.of("exact").withRank(3), List.of(one, two), 1, 1);
        double all = 0;
        double lost = 0;
        double[] x = delta(whole);
        double[] y = delta(cut);
        for (int i = 0; i < x.length; i++) {
            all += x[i] * x[i];
            lost += (x[i] - y[i]) * (x[i] - y[i]);
        }
        assertThat(cut.mostDiscarded()).isCloseTo(lost / all, within(1e-9)).isGreaterThan(0.05);
        CombineResult svd = combine(CombineOptions.of("svd").withRank(3), List.of(one, two), 1, 1);
        assertThat(delta(svd)).containsExactly(y, within(1e-9));
    }

    @ParameterizedTest
    @EnumSource(
            value = On.class,
            names = {"DELTAS", "KNOTS", "KNOTS_PER_MODULE", "CORE"})
    void weightedSumsLoseNothingOverSharedBases(On on) throws IOException {
        CombineOptions options = CombineOptions.of("task_arithmetic").on(on).withRank(7);
        CombineResult combined = combine(options, List.of(one, two), 0.7, -0.4);
        assertThat(combined.mostDiscarded()).isLessThan(1e-9);
        assertThat(delta(combined)).containsExactly(sum(0.7, -0.4), within(1e-4));
    }

    @Test
    void mergeMethodsWorkOnTheChangesInFull() throws IOException {
        CombineOptions options =
                CombineOptions.of("ties").on(On.DELTAS).withDensity(0.4).withRank(OUT);
        double[] got = delta(combine(options, List.of(one, two), 1, 0.5));

        double[] expected = Ties.merge(sum(1, 0), sum(0, 1), 1, 0.5, 0.4);
        assertThat(got).containsExactly(expected, within(1e-3));
    }

    /** TIES as recipes have it, plainly: trim, elect by the weighted sum, weighted mean. */
    private static final class Ties {
        static double[] merge(double[] x, double[] y, double v, double w, double density) {
            double[] a = trimmed(x, density);
            double[] b = trimmed(y, density);
            double[] merged = new double[a.length];
            for (int i = 0; i < merged.length; i++) {
                double sign = Math.signum(v * a[i] + w * b[i]);
                double sum = 0;
                double weights = 0;
                if (a[i] * sign > 0) {
                    sum += v * a[i];
                    weights += v;
                }
                if (b[i] * sign > 0) {
                    sum += w * b[i];
                    weights += w;
                }
                merged[i] = weights == 0 ? 0 : sum / weights;
            }
            return merged;
        }

        private static double[] trimmed(double[] x, double density) {
            double[] sorted = java.util.Arrays.stream(x).map(Math::abs).sorted().toArray();
            double cut = sorted[x.length - (int) (density * x.length)];
            return java.util.Arrays.stream(x).map(v -> Math.abs(v) >= cut ? v : 0).toArray();
        }
    }

    @ParameterizedTest
    @CsvSource({
        "ties, KNOTS",
        "ties, KNOTS_PER_MODULE",
        "ties, CORE",
        "dare_linear, CORE",
        "linear, CORE",
        "slerp, DELTAS"
    })
    void everyPairGivesAnAdapter(String method, On on) throws IOException {
        CombineOptions options = CombineOptions.of(method).on(on);
        if (!method.equals("slerp")) {
            options = options.withDensity(0.5);
        } else {
            options =
                    new CombineOptions(
                            method,
                            on,
                            Optional.empty(),
                            Optional.empty(),
                            false,
                            Optional.empty(),
                            Map.of("t", "0.5"),
                            0);
        }
        CombineOptions asked = options;
        if (method.equals("slerp")) {
            assertThatThrownBy(() -> combine(asked, List.of(one, one, one), 1, 1, 1))
                    .hasMessageContaining("adapters for 'slerp'");
            return;
        }
        CombineResult combined = combine(asked, List.of(one, two), 1, 0.5);
        assertThat(combined.adapter().modules().get(0).rank()).isEqualTo(4);
        assertThat(java.util.Arrays.stream(delta(combined)).map(Math::abs).max().orElseThrow())
                .isGreaterThan(0.01);
    }

    @Test
    void randomMethodsDependOnTheSeedAlone() throws IOException {
        CombineOptions options = CombineOptions.of("dare_ties_svd").withDensity(0.5);
        double[] first = delta(combine(options, List.of(one, two), 1, 0.5));
        assertThat(delta(combine(options, List.of(one, two), 1, 0.5))).containsExactly(first);
        CombineOptions other =
                new CombineOptions(
                        "dare_ties_svd",
                        On.FACTORS,
                        Optional.of(0.5),
                        Optional.empty(),
                        false,
                        Optional.empty(),
                        Map.of(),
                        1);
        assertThat(delta(combine(other, List.of(one, two), 1, 0.5))).isNotEqualTo(first);
    }

    @Test
    void modulesThatOnlyOneHasKeepTheirRank() throws IOException {
        Path more =
                adapters.peft(
                        "more",
                        config(3),
                        a2,
                        b2,
                        adapters.random("base_model.model.n.lora_A.weight", 3, 5),
                        adapters.random("base_model.model.n.lora_B.weight", 6, 3));
        CombineResult combined = combine(CombineOptions.of("cat"), List.of(one, more), 1, 1);
        Path out = folder.resolve("out");
        new PeftFormat().write(out, combined.adapter());
        try (Adapter written = Adapters.open(out)) {
            assertThat(written.modules().get("m").rank()).isEqualTo(7);
            assertThat(written.modules().get("n").rank()).isEqualTo(3);
            assertThat(written.modules().get("m").scale()).isEqualTo(1);
            assertThat(written.modules().get("n").scale()).isEqualTo(1);
        }
    }

    @Test
    void wholeTensorsAreKeptUnlessTwoDiffer() throws IOException {
        NamedTensor head = adapters.random("base_model.model.head.weight", 3, 2);
        NamedTensor bias = adapters.random("base_model.model.m.base_layer.bias", OUT);
        Path with = adapters.peft("with", config(4), a1, b1, head, bias);
        Path same = adapters.peft("same", config(3), a2, b2, head);
        Path differs =
                adapters.peft(
                        "differs",
                        config(3),
                        a2,
                        b2,
                        adapters.random("base_model.model.head.weight", 3, 2));
        CombineResult combined =
                combine(CombineOptions.of("cat"), List.of(two, with, same), 1, 0.5, 1);

        assertThat(combined.kept()).isEqualTo(Map.of("head.weight", "with", "m.bias", "with"));
        assertThat(combined.warnings())
                .singleElement()
                .hasToString(
                        "weight 0.5 of adapter 'with' has no effect on its whole tensors, such as"
                                + " 'head.weight'; they are kept as they are; put the adapter into"
                                + " the base to weigh them");
        Path out = folder.resolve("out");
        new PeftFormat().write(out, combined.adapter());
        try (Adapter written = Adapters.open(out);
                Adapter given = Adapters.open(with)) {
            assertThat(written.whole().keySet()).isEqualTo(given.whole().keySet());
            assertThat(TensorReads.of(written.whole().get("head.weight")))
                    .containsExactly(TensorReads.of(given.whole().get("head.weight")));
            assertThat(written.config().orElseThrow().get("modules_to_save"))
                    .hasToString("[\"head\"]");
        }
        assertThatThrownBy(() -> combine(CombineOptions.of("cat"), List.of(with, differs), 1, 1))
                .hasMessage(
                        "adapters 'with' and 'differs' both have tensor 'head.weight', with other"
                                + " values; put each adapter into the base and merge the models");
    }

    @Test
    void storedOrientationIsNothingToFactors() throws IOException {
        String turned = config(3).replaceFirst("\\{", "{\"fan_in_fan_out\": true, ");
        Path other = adapters.peft("turned", turned, a2, b2);
        CombineResult plain = combine(CombineOptions.of("cat"), List.of(one, two), 1, 0.5);
        CombineResult mixed = combine(CombineOptions.of("cat"), List.of(one, other), 1, 0.5);

        assertThat(delta(mixed)).containsExactly(delta(plain));
        assertThat(mixed.adapter().modules().get(0).kind()).isEqualTo(LoraModule.Kind.TRANSPOSED);
    }

    @Test
    void whatStandsForAPartOfTheBaseIsRefused() throws IOException {
        String pissa = config(3).replaceFirst("\\{", "{\"init_lora_weights\": \"pissa\", ");
        Path begun = adapters.peft("begun", pissa, a2, b2);
        assertThatThrownBy(() -> combine(CombineOptions.of("cat"), List.of(one, begun), 1, 1))
                .hasMessageContaining("('init_lora_weights' is 'pissa')");
    }

    @Test
    void allThatIsWrongIsReported() throws IOException {
        Path dora =
                adapters.peft(
                        "dora",
                        config(4),
                        a1,
                        b1,
                        adapters.random("base_model.model.m.lora_magnitude_vector", OUT));
        assertThatThrownBy(
                        () -> combine(CombineOptions.of("ties"), List.of(one, two, dora), 1, 1, 1))
                .isInstanceOfSatisfying(
                        BadInputException.class, e -> assertThat(e.problems()).hasSize(3))
                .hasMessageContaining("'ties' needs a density")
                .hasMessageContaining(
                        "factors A and B, and perhaps whole tensors, got DoRA's magnitudes")
                .hasMessageContaining("expected 4 as in adapter 'one', got 3");
        assertThatThrownBy(() -> combine(CombineOptions.of("tise"), List.of(one), 1))
                .hasMessageContaining("did you mean 'ties'?");
    }
}
