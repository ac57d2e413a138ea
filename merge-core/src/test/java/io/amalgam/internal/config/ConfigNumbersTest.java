package io.amalgam.internal.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.amalgam.error.BadInputException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ConfigNumbersTest {
    private static ConfigNumbers of(String value) throws JsonProcessingException {
        return new ConfigNumbers(
                new ObjectMapper().readTree("{\"key\": " + value + "}"), "m", "look");
    }

    @Test
    void numbersAreRead() throws JsonProcessingException {
        assertThat(of("4").whole("key", 1, 0)).isEqualTo(4);
        assertThat(of("4.0").whole("key", 1, 0)).isEqualTo(4);
        assertThat(of("null").whole("key", 1, 7)).isEqualTo(7);
        assertThat(of("1").whole("other", 1, 7)).isEqualTo(7);
        assertThat(of("1e-5").number("key", 0)).isEqualTo(1e-5);
        assertThat(of("null").number("key", 0.5)).isEqualTo(0.5);
    }

    @ParameterizedTest
    @ValueSource(strings = {"\"4\"", "4.5", "0", "-1", "true", "[4]", "{}", "1e10", "1e999"})
    void nothingElseIsAWholeNumber(String value) {
        assertThatThrownBy(() -> of(value).whole("key", 1, 0))
                .isInstanceOf(BadInputException.class)
                .hasMessageStartingWith(
                        "'key' in config.json of model 'm': expected a whole number from 1 up, got ")
                .hasMessageEndingWith("; look");
    }

    @ParameterizedTest
    @ValueSource(strings = {"\"1e-5\"", "false", "[1]", "1e999"})
    void nothingElseIsANumber(String value) {
        assertThatThrownBy(() -> of(value).number("key", 0))
                .hasMessageContaining("expected a number, got ");
    }

    @Test
    void whatIsNeededIsSaid() {
        assertThatThrownBy(() -> of("1").whole("other", 1, 0)).hasMessageContaining("got nothing");
    }

    @Test
    void switchesAreRead() throws JsonProcessingException {
        assertThat(of("true").flag("key")).isTrue();
        assertThat(of("false").flag("key")).isFalse();
        assertThat(of("null").flag("key")).isFalse();
        assertThat(of("true").flag("other")).isFalse();
    }

    @ParameterizedTest
    @ValueSource(strings = {"\"true\"", "\"false\"", "1", "0", "[true]"})
    void nothingElseIsASwitch(String value) {
        assertThatThrownBy(() -> of(value).flag("key"))
                .hasMessage(
                        "'key' in config.json of model 'm': expected true or false, got "
                                + value
                                + "; look");
    }
}
