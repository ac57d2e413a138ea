package io.amalgam.cli.inspect;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.amalgam.cli.Cli;
import io.amalgam.internal.method.builtin.BuiltInMethods;
import io.amalgam.method.MergeMethod;
import io.amalgam.method.MethodInfo;
import io.amalgam.method.ParameterSpec;
import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class MethodsCommandTest {
    @Test
    void theTableHasEveryMethodOnce() {
        List<String> lines = Cli.run("methods").out().lines().skip(1).toList();

        assertThat(lines.stream().map(line -> line.split(" ")[0]))
                .containsExactlyElementsOf(methods().stream().map(MethodInfo::name).toList());
    }

    @ParameterizedTest
    @MethodSource("methods")
    void oneIsExplainedInFull(MethodInfo info) {
        Cli result = Cli.run("methods", info.name());

        assertThat(result.exit()).isZero();
        assertThat(result.out())
                .contains(info.summary(), info.formula(), info.cost(), info.paper().link());
        for (ParameterSpec spec : info.parameters()) {
            assertThat(result.out()).contains(spec.name(), spec.meaning());
        }
    }

    @Test
    void jsonHasTheWholeRegistry() throws IOException {
        JsonNode all = Cli.run("methods", "--json").json().path("methods");

        assertThat(all).hasSize(methods().size());
        JsonNode linear = Cli.run("methods", "linear", "--json").json().at("/methods/0");
        assertThat(linear.path("name").asText()).isEqualTo("linear");
        assertThat(linear.path("min_models").asInt()).isEqualTo(1);
        assertThat(linear.has("max_models")).isFalse();
        assertThat(linear.at("/parameters/0/required").asBoolean()).isTrue();
        assertThat(linear.at("/parameters/1/default").asBoolean()).isTrue();
        JsonNode density =
                Cli.run("methods", "ties", "--json").json().at("/methods/0/parameters/1");
        assertThat(density.path("min").asDouble(-1)).isZero();
        assertThat(density.path("max").asDouble()).isEqualTo(1);
        assertThat(Cli.run("methods", "ties").out()).contains("number, 0 to 1");
    }

    @Test
    void numbersAreShownAsTheyAreWritten() throws IOException {
        assertThat(Cli.run("methods", "karcher").out())
                .containsPattern("max_iter +all +integer, 0 to 1000000 +10 +most")
                .containsPattern("tol +all +number, 0 on +1.0E-5 ");
        JsonNode tol = Cli.run("methods", "karcher", "--json").json().at("/methods/0/parameters/1");
        assertThat(tol.path("min").asDouble(-1)).isZero();
        assertThat(tol.has("max")).isFalse();
    }

    @Test
    void anUnknownMethodIsBadInput() {
        Cli result = Cli.run("methods", "tise");

        assertThat(result.exit()).isEqualTo(3);
        assertThat(result.err())
                .isEqualTo("error: unknown merge method 'tise'; did you mean 'ties'?\n");
    }

    static List<MethodInfo> methods() {
        return BuiltInMethods.load().all().stream().map(MergeMethod::info).toList();
    }
}
