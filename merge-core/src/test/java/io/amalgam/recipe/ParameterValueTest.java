package io.amalgam.recipe;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import io.amalgam.recipe.ParameterValue.Filtered;
import io.amalgam.recipe.ParameterValue.Gradient;
import io.amalgam.recipe.ParameterValue.Scalar;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class ParameterValueTest {
    private static final String MLP = "model.layers.20.mlp.up_proj.weight";

    /** Values at 0, 1/3, 1/2 and 1, worked out by hand. */
    static Stream<Arguments> gradients() {
        return Stream.of(
                arguments(List.of(0.7), 0.7, 0.7, 0.7, 0.7),
                arguments(List.of(0L, 1L), 0, 1 / 3.0, 0.5, 1),
                arguments(List.of(1L, 0.25), 1, 0.75, 0.625, 0.25),
                arguments(List.of(-2L, 4L), -2, 0, 1, 4),
                // 1/3 of the way along two intervals is 2/3 into the first.
                arguments(List.of(0L, 0.3, 1L), 0, 0.2, 0.3, 1),
                arguments(List.of(1L, 0L, 1L), 1, 1 / 3.0, 0, 1),
                // 1/3 along three intervals is the second value; 1/2 is halfway from it to the
                // third.
                arguments(List.of(0L, 0.3, 0.7, 1L), 0, 0.3, 0.5, 1),
                arguments(List.of(5L, 5L, 5L, 5L), 5, 5, 5, 5),
                // 1/3 along four intervals is 1/3 into the second; 1/2 is the third value.
                arguments(List.of(0L, 0.5, 0.2, 0.7, 1L), 0, 0.4, 0.2, 1),
                arguments(List.of(1L, 0.5, 0.8, 0.3, 0L), 1, 0.6, 0.8, 0),
                arguments(List.of("0.5", " 1.5 "), 0.5, 0.5 + 1 / 3.0, 1, 1.5),
                arguments(List.of("1e-1", 1L), 0.1, 0.4, 0.55, 1));
    }

    @ParameterizedTest
    @MethodSource("gradients")
    void numbersAreInterpolated(List<Object> values, double v0, double v1, double v2, double v3) {
        Gradient gradient = new Gradient(values, Location.NONE);

        assertThat(number(gradient, 0)).isEqualTo(v0);
        assertThat(number(gradient, 1 / 3.0)).isCloseTo(v1, within(1e-15));
        assertThat(number(gradient, 0.5)).isCloseTo(v2, within(1e-15));
        assertThat(number(gradient, 1)).isEqualTo(v3);
    }

    private static double number(ParameterValue value, double t) {
        return (Double) value.evaluate(MLP, t).orElseThrow();
    }

    @ParameterizedTest
    @CsvSource({"0, a", "0.333, a", "0.49, a", "0.5, b", "0.99, b", "1, c"})
    void otherValuesArePicked(double t, String expected) {
        assertThat(new Gradient(List.of("a", "b", "c"), Location.NONE).evaluate(MLP, t))
                .contains(expected);
    }

    @Test
    void booleanIsNotANumberInAGradient() {
        Gradient flags = new Gradient(List.of(true, false), Location.NONE);
        Gradient mixed = new Gradient(List.of(0L, true, 2.5), Location.NONE);

        assertThat(flags.evaluate(MLP, 0)).contains(true);
        assertThat(flags.evaluate(MLP, 0.9)).contains(true);
        assertThat(flags.evaluate(MLP, 1)).contains(false);
        assertThat(mixed.evaluate(MLP, 0.25)).contains(0L);
        assertThat(mixed.evaluate(MLP, 0.75)).contains(true);
        assertThat(mixed.evaluate(MLP, 1)).contains(2.5);
    }

    @Test
    void emptyGradientSetsNothing() {
        assertThat(new Gradient(List.of(), Location.NONE).evaluate(MLP, 0.5)).isEmpty();
    }

    @Test
    void scalarKeepsTheTypeItWasWrittenWith() {
        for (Object value : List.of(1.5, 7L, true, "density", "1e-5")) {
            assertThat(new Scalar(value, Location.NONE).evaluate(MLP, 1)).contains(value);
        }
    }

    @Test
    void filterIsAPartOfTheName() {
        ParameterValue value =
                filtered(
                        entry(Optional.of("layers.2."), ParameterValue.of(1)),
                        entry(Optional.of("MLP"), ParameterValue.of(2)),
                        entry(Optional.of("mlp"), new Gradient(List.of(3L, 5L), Location.NONE)),
                        entry(Optional.of("up_proj"), ParameterValue.of(6)));

        assertThat(value.evaluate(MLP, 0.5)).contains(4.0);
        assertThat(value.evaluate("model.layers.2.mlp.weight", 0.5)).contains(1.0);
        assertThat(value.evaluate("x.up_proj", 0.5)).contains(6.0);
        assertThat(value.evaluate("model.norm.weight", 0.5)).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"m.p", "^model", "layers.*.mlp", "mlp*", " mlp"})
    void filterIsNoPattern(String filter) {
        assertThat(filtered(entry(Optional.of(filter), ParameterValue.of(1))).evaluate(MLP, 0))
                .isEmpty();
    }

    @Test
    void starOrNoFilterFitsEveryName() {
        for (Optional<String> filter : List.of(Optional.of("*"), Optional.<String>empty())) {
            ParameterValue value = filtered(entry(filter, ParameterValue.of("x")));
            assertThat(value.evaluate(MLP, 0)).contains("x");
            assertThat(value.evaluate("", 0)).contains("x");
        }
    }

    @Test
    void firstFilterThatFitsDecidesEvenIfItSetsNothing() {
        ParameterValue value =
                filtered(
                        entry(Optional.of("mlp"), new Gradient(List.of(), Location.NONE)),
                        entry(Optional.empty(), ParameterValue.of(1)));

        assertThat(value.evaluate(MLP, 0)).isEmpty();
    }

    private static Filtered.Entry entry(Optional<String> filter, ParameterValue value) {
        return new Filtered.Entry(filter, value, Location.NONE);
    }

    private static Filtered filtered(Filtered.Entry... entries) {
        return new Filtered(List.of(entries), Location.NONE);
    }

    @ParameterizedTest
    @ValueSource(doubles = {-1e-9, 1.0000001, Double.NaN})
    void positionsAreBetweenZeroAndOne(double t) {
        List<ParameterValue> values =
                List.of(
                        ParameterValue.of(true),
                        new Gradient(List.of(1L), Location.NONE),
                        filtered(entry(Optional.empty(), ParameterValue.of(1))));
        for (ParameterValue value : values) {
            assertThatThrownBy(() -> value.evaluate(MLP, t))
                    .isInstanceOf(IllegalArgumentException.class);
        }
    }

    @ParameterizedTest
    @CsvSource({
        "1, 1",
        "-1, -1",
        "+0.5, 0.5",
        ".5, 0.5",
        "5., 5",
        "1e-5, 1e-5",
        "1E3, 1000",
        "1_000.2_5, 1000.25",
    })
    void numericStringsAreNumbers(String text, double expected) {
        assertThat(Scalar.number(text)).hasValue(expected);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "", " ", "-", ".", "e5", "1d", "0x10", "1,5", "nan", "inf", "1_", "_1", "1__0",
                "1e999", "1 2"
            })
    void otherStringsAreNot(String text) {
        assertThat(Scalar.number(text)).isEqualTo(OptionalDouble.empty());
    }

    @Test
    void longTextIsNoNumberAndDoesNotOverflowTheStack() {
        assertThat(Scalar.number("1_".repeat(1_000_000) + "1")).isEmpty();
    }

    @Test
    void codeCannotBuildOtherValues() {
        assertThatThrownBy(() -> new Scalar(1, Location.NONE))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> new Gradient(List.of(List.of(1L)), Location.NONE))
                .isInstanceOf(IllegalArgumentException.class);
        Filtered inner = filtered();
        assertThatThrownBy(() -> entry(Optional.empty(), inner))
                .isInstanceOf(IllegalArgumentException.class);
    }
}
