package io.amalgam.internal.lora;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.regex.PatternSyntaxException;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What Python's re.fullmatch says of the same texts. */
class PythonPatternTest {
    @ParameterizedTest
    @CsvSource(
            delimiter = ' ',
            value = {
                "layers\\.(?P<the_layer>\\d+)\\.q layers.7.q true",
                "(?P<a_b>.)(?P<a>.)(?P=a_b)(?P=a) xyxy true",
                "(?P<a_b>.)(?P<a>.)(?P=a_b)(?P=a) xyyx false",
                "[[]a [a true",
                "[^[]a [a false",
                "[^[]a ba true",
                "[]x]+ ]x] true",
                "[^]x]+ ab true",
                "[^]x]+ a]b false",
                "[a&&b]+ a&b true",
                "[\\]x]+ ]x true",
                "a\\Z a true",
                ".*\\.(?:q|v)_proj a.v_proj true",
                "(?!.*vision).*q vision.q false"
            })
    void matchesAsInPython(String pattern, String text, boolean matches) {
        assertThat(PythonPattern.compile(pattern).matcher(text).matches()).isEqualTo(matches);
    }

    @ParameterizedTest
    @ValueSource(strings = {"*a", "(", "(?P<a", "(?P=a)", "(?P=a", "[a", "(?P<a>x"})
    void isRefused(String pattern) {
        assertThatThrownBy(() -> PythonPattern.compile(pattern))
                .isInstanceOf(PatternSyntaxException.class);
    }
}
