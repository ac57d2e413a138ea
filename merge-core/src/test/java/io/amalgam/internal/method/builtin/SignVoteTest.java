package io.amalgam.internal.method.builtin;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.amalgam.error.BadInputException;
import java.io.IOException;
import java.io.InputStream;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Elections of signs by number and before weights. */
class SignVoteTest {
    private static final double[] WEIGHTS = {0.5, -0.3, 0.75, 0};

    /** What PEFT's functions made of the same vectors; see the file's own {@code origin}. */
    @Test
    void unweightedVotesArePeftsOrder() throws IOException {
        JsonNode cases;
        try (InputStream in =
                Objects.requireNonNull(
                        SignVoteTest.class.getResourceAsStream("/golden/peft-merges.json"))) {
            cases = new ObjectMapper().readTree(in);
        }
        float[][] vectors = new float[3][];
        for (int m = 0; m < 3; m++) {
            vectors[m] = floats(cases.get("vectors").get(m));
        }
        for (JsonNode one : cases.get("cases")) {
            boolean ties = one.get("method").asText().equals("ties");
            MethodCall call = MethodCall.of(one.get("method").asText());
            call.base(new float[vectors[0].length]);
            for (int m = 0; m < 3; m++) {
                call.model(
                        vectors[m],
                        one.get("weights").get(m).asDouble(),
                        one.get("density").asDouble());
            }
            if (ties) {
                call.set("vote", "unweighted").set("sign_method", one.get("sign_method").asText());
            }
            Data.assertClose(call.run(), Data.doubles(floats(one.get("merged"))), 1e-6);
        }
        assertThat(cases.get("cases").size()).isGreaterThan(10);
    }

    private static float[] floats(JsonNode array) {
        float[] values = new float[array.size()];
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) array.get(i).asDouble();
        }
        return values;
    }

    @ParameterizedTest
    @ValueSource(strings = {"ties", "breadcrumbs_ties", "dare_ties", "della"})
    void everyVoteIsTheSlowOne(String method) {
        float[] base = Data.normal(70_000, 1);
        float[][] deltas = new float[4][];
        MethodCall call = MethodCall.of(method).base(base);
        for (int m = 0; m < 4; m++) {
            float[] model = TaskArithmeticTest.Kind.BFLOAT16.model(base, m + 2);
            deltas[m] = Slow.delta(model, base);
            call.model(model, WEIGHTS[m], 1);
        }
        for (String sign : new String[] {"total", "frequency"}) {
            for (String vote : new String[] {"weighted", "unweighted"}) {
                for (boolean normalize : new boolean[] {true, false}) {
                    float[] expected =
                            elect(
                                    base,
                                    deltas,
                                    sign.equals("frequency"),
                                    vote.equals("unweighted"),
                                    normalize);
                    assertThat(
                                    call.set("sign_method", sign)
                                            .set("vote", vote)
                                            .set("normalize", normalize)
                                            .run())
                            .as("%s, %s, %s", sign, vote, normalize)
                            .isEqualTo(expected);
                }
            }
        }
    }

    private static float[] elect(
            float[] base,
            float[][] deltas,
            boolean frequency,
            boolean unweighted,
            boolean normalize) {
        float[] out = new float[base.length];
        for (int i = 0; i < out.length; i++) {
            float sum = 0;
            for (int m = 0; m < deltas.length; m++) {
                float vote = unweighted ? deltas[m][i] : (float) WEIGHTS[m] * deltas[m][i];
                sum += frequency ? Math.signum(vote) : vote;
            }
            float agreed = 0;
            float divisor = 0;
            for (int m = 0; m < deltas.length; m++) {
                float vote = unweighted ? deltas[m][i] : (float) WEIGHTS[m] * deltas[m][i];
                if (Math.signum(vote) == (sum >= 0 ? 1 : -1)) {
                    agreed += (float) WEIGHTS[m] * deltas[m][i];
                    divisor += unweighted ? 1 : (float) WEIGHTS[m];
                }
            }
            out[i] = base[i] + (normalize && divisor != 0 ? agreed / divisor : agreed);
        }
        return out;
    }

    @Test
    void manySmallOutvoteOneLarge() {
        float[] zero = {0};
        MethodCall call =
                MethodCall.of("ties")
                        .base(zero)
                        .model(new float[] {-5}, Map.of("weight", 1.0))
                        .model(new float[] {1}, Map.of("weight", 1.0))
                        .model(new float[] {2}, Map.of("weight", 1.0));
        assertThat(call.run()).containsExactly(-5);
        assertThat(call.set("sign_method", "frequency").run()).containsExactly(1.5f);
    }

    @Test
    void weightsAfterTheVoteDoNotTurnIt() {
        float[] zero = {0};
        MethodCall call =
                MethodCall.of("ties")
                        .base(zero)
                        .model(new float[] {3}, Map.of("weight", -1.0))
                        .model(new float[] {1}, Map.of("weight", 1.0));
        // Before: -3 + 1 is negative, -3 / -1. After: both are positive, (-3 + 1) / 2.
        assertThat(call.run()).containsExactly(3);
        assertThat(call.set("vote", "unweighted").run()).containsExactly(-1);
    }

    @Test
    void otherWordsAreRefused() {
        float[] one = {1};
        MethodCall call = MethodCall.of("ties").base(one).model(one, 1, 1);
        assertThatThrownBy(() -> call.set("sign_method", "mean").bind())
                .isInstanceOf(BadInputException.class)
                .hasMessage("parameter 'sign_method': expected total or frequency, got 'mean'");
        assertThatThrownBy(() -> call.set("sign_method", "total").set("vote", "true").bind())
                .isInstanceOf(BadInputException.class)
                .hasMessage("parameter 'vote': expected weighted or unweighted, got 'true'");
    }
}
