package io.amalgam.internal.tensor;

import static org.assertj.core.api.Assertions.assertThat;

import io.amalgam.tensor.SlowFloats;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class HalfTest {
    @Test
    void decodesEveryPattern() {
        for (int bits = 0; bits < 1 << 16; bits++) {
            float actual = Half.toFloat((short) bits);
            double expected = SlowFloats.decode(bits, 5, 10);
            if (Double.isNaN(expected)) {
                assertThat(actual).isNaN();
            } else {
                assertThat(Float.floatToRawIntBits(actual))
                        .as("pattern %04x", bits)
                        .isEqualTo(Float.floatToRawIntBits((float) expected));
            }
        }
    }

    @Test
    void encodingUndoesDecoding() {
        for (int bits = 0; bits < 1 << 16; bits++) {
            float value = Half.toFloat((short) bits);
            // A signalling NaN comes back quiet.
            int expected = Float.isNaN(value) ? bits | 0x200 : bits;
            assertThat(Half.fromFloat(value)).as("pattern %04x", bits).isEqualTo((short) expected);
        }
    }

    @Test
    void roundsToTheNearestAllOverTheRange() {
        for (float value : SlowFloats.roundingCases(5, 10)) {
            if (Float.isNaN(value)) {
                assertThat(Half.toFloat(Half.fromFloat(value))).isNaN();
            } else {
                assertThat(Half.fromFloat(value))
                        .as("%s", Float.toHexString(value))
                        .isEqualTo((short) SlowFloats.encode(value, 5, 10));
            }
        }
    }

    @ParameterizedTest
    @CsvSource({
        "0.0, 0000",
        "-0.0, 8000",
        "1.0, 3c00",
        "-2.0, c000",
        "65504.0, 7bff",
        "65519.996, 7bff",
        "65520.0, 7c00",
        "1e30, 7c00",
        "-1e30, fc00",
        "Infinity, 7c00",
        "0x1p-24, 0001",
        "0x1p-25, 0000",
        "0x1.8p-25, 0001",
        "0x1.ff8p-15, 03ff",
        "0x1p-14, 0400",
        "0x1.ffcp-15, 0400",
        "0.1, 2e66",
        "1.00048828125, 3c00"
    })
    void knownValues(String value, String pattern) {
        assertThat(Half.fromFloat(Float.parseFloat(value)))
                .isEqualTo((short) Integer.parseInt(pattern, 16));
    }

    @Test
    void aNanKeepsItsSignAndUpperPayload() {
        assertThat(Half.fromFloat(Float.intBitsToFloat(0x7F802000))).isEqualTo((short) 0x7E01);
        assertThat(Half.fromFloat(Float.intBitsToFloat(0xFFC00001))).isEqualTo((short) 0xFE00);
    }
}
