package io.amalgam.internal.method.builtin;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.amalgam.error.BadInputException;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Averages of checkpoints and of clients: what holds of each whatever the values. */
class AveragesTest {
    private static final Map<String, Map<String, Object>> SHARED =
            Map.of(
                    "soup", Map.of(),
                    "ema", Map.of("decay", 0.9),
                    "lawa", Map.of("last", 1.0),
                    "fedavg", Map.of());

    private static MethodCall call(String method, List<float[]> models) {
        MethodCall call = MethodCall.of(method);
        SHARED.get(method).forEach(call::set);
        for (int m = 0; m < models.size(); m++) {
            call.model(models.get(m), Map.of("examples", 10.0 + m));
        }
        return call;
    }

    @ParameterizedTest
    @CsvSource({"soup", "ema", "lawa", "fedavg"})
    void oneModelAloneIsUnchanged(String method) {
        float[] x = Data.normal(1000, 1);
        assertThat(call(method, List.of(x)).run()).isEqualTo(x);
    }

    @ParameterizedTest
    @CsvSource({"soup", "ema", "lawa", "fedavg"})
    void equalModelsAreUnchangedBeyondRounding(String method) {
        float[] x = Data.normal(1000, 1);
        float[] merged = call(method, List.of(x, x, x, x)).run();
        Data.assertClose(merged, Data.doubles(x), 3e-7);
    }

    @Test
    void theOrderOfModelsMattersToNoneButTheMovingAverages() {
        float[] a = {1, 2};
        float[] b = {3, -2};
        float[] c = {5, 9};
        assertThat(call("soup", List.of(a, b, c)).run())
                .isEqualTo(call("soup", List.of(c, b, a)).run());
        assertThat(call("ema", List.of(a, b, c)).run())
                .isNotEqualTo(call("ema", List.of(c, b, a)).run());
        assertThat(call("lawa", List.of(a, b, c)).run()).isEqualTo(c);
    }

    @Test
    void soupIsLinearWithEqualWeights() {
        float[] a = Data.normal(1000, 1);
        float[] b = Data.normal(1000, 2);
        Map<String, Object> one = Map.of("weight", 1.0);
        assertThat(call("soup", List.of(a, b)).run())
                .isEqualTo(MethodCall.of("linear").model(a, one).model(b, one).run());
    }

    @Test
    void lawaNeedsAsManyModels() {
        MethodCall call = call("lawa", List.of(new float[1], new float[1])).set("last", 3.0);
        assertThatThrownBy(call::run)
                .isInstanceOf(BadInputException.class)
                .hasMessage("parameter 'last': expected at most 2, got 3; the recipe has 2 models");
    }

    @Test
    void clientsWithoutAnyExamplesAreRefused() {
        MethodCall call = MethodCall.of("fedavg").model(new float[1], Map.of("examples", 0.0));
        assertThatThrownBy(call::run)
                .isInstanceOf(BadInputException.class)
                .hasMessage(
                        "parameter 'examples': expected one client that has some, got 0 of all; give each client the number of its examples");
    }

    @ParameterizedTest
    @CsvSource({"fedavgm, momentum", "fedadam, first_moment second_moment"})
    void aServerWhoseClientsHaveNotMovedStaysWhereItIs(String method, String parts) {
        float[] x = Data.normal(1000, 1);
        MethodCall call = MethodCall.of(method).base(x).model(x, Map.of("examples", 1.0));
        for (String part : parts.split(" ")) {
            call.state(part, new float[1000]);
        }
        assertThat(call.run()).isEqualTo(x);
    }

    /** A first round with the default rate: v is base - average. */
    @Test
    void momentumBeginsAsPlainAveraging() {
        float[] base = Data.normal(1000, 1);
        float[] a = Data.near(base, 0.1, 2);
        float[] b = Data.near(base, 0.1, 3);
        float[] merged =
                MethodCall.of("fedavgm")
                        .base(base)
                        .model(a, Map.of("examples", 30.0))
                        .model(b, Map.of("examples", 10.0))
                        .state("momentum", new float[1000])
                        .run();
        Data.assertClose(
                merged, Slow.linear(new float[][] {a, b}, new double[] {30, 10}, true), 1e-6);
    }
}
