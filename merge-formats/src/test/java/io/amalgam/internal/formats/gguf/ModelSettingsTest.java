package io.amalgam.internal.formats.gguf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.amalgam.error.BadInputException;
import java.io.IOException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Numbers of a config.json go into a GGUF file as they are, or not at all. */
class ModelSettingsTest {
    private static ModelSettings of(String value) throws IOException {
        String json = "{\"n\": " + value + ", \"list\": [1, " + value + "], \"pad_token_id\": -1}";
        return ModelSettings.of((ObjectNode) JsonMapper.builder().build().readTree(json));
    }

    @ParameterizedTest
    @ValueSource(strings = {"\"8\"", "8.5", "-1", "4294967296", "1e30", "[8]", "true"})
    void whatIsNoWholeNumberIsRefused(String value) throws IOException {
        ModelSettings settings = of(value);

        assertThatThrownBy(() -> settings.whole("n"))
                .isInstanceOf(BadInputException.class)
                .hasMessageContaining("'n' in config.json: expected a whole number from 0 up");
    }

    @ParameterizedTest
    @ValueSource(strings = {"\"1e-5\"", "1e999", "[8]", "true"})
    void whatIsNoNumberIsRefused(String value) throws IOException {
        ModelSettings settings = of(value);

        assertThatThrownBy(() -> settings.real("n"))
                .isInstanceOf(BadInputException.class)
                .hasMessageContaining("'n' in config.json: expected a number");
        assertThatThrownBy(() -> settings.reals("list"))
                .isInstanceOf(BadInputException.class)
                .hasMessageContaining("'list' in config.json: expected a list of numbers");
    }

    @ParameterizedTest
    @ValueSource(strings = {"\"true\"", "1", "[true]"})
    void whatIsNoSwitchIsRefused(String value) throws IOException {
        ModelSettings settings = of(value);

        assertThatThrownBy(() -> settings.flag("n"))
                .isInstanceOf(BadInputException.class)
                .hasMessageContaining("'n' in config.json: expected true or false");
    }

    @Test
    void whatIsOfAnotherKindIsRefused() throws IOException {
        ModelSettings settings = of("7");

        assertThatThrownBy(() -> settings.text("n"))
                .hasMessageContaining("'n' in config.json: expected a text, got 7");
        assertThatThrownBy(() -> settings.section("n"))
                .hasMessageContaining("'n' in config.json: expected an object, got 7");
        assertThatThrownBy(() -> settings.reals("n"))
                .hasMessageContaining("'n' in config.json: expected a list of numbers, got 7");
        assertThat(settings.text("other")).isEmpty();
        assertThat(settings.reals("other")).isEmpty();
        assertThat(settings.section("other").has("n")).isFalse();
    }

    @Test
    void switchesAreTaken() throws IOException {
        assertThat(of("true").flag("n")).isTrue();
        assertThat(of("false").flag("n")).isFalse();
        assertThat(of("null").flag("n")).isFalse();
    }

    @Test
    void numbersAreTaken() throws IOException {
        assertThat(of("8.0").whole("n")).contains(8L);
        assertThat(of("null").whole("n")).isEmpty();
        assertThat(of("8").whole("other", "n")).contains(8L);
        assertThat(of("8").whole("pad_token_id")).contains(-1L);
        assertThat(of("0.5").real("n")).contains(0.5);
        assertThat(of("0.5").reals("list")).containsExactly(1, 0.5f);
    }
}
