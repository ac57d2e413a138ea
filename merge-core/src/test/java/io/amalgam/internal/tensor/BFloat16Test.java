package io.amalgam.internal.tensor;

import static org.assertj.core.api.Assertions.assertThat;

import io.amalgam.tensor.SlowFloats;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class BFloat16Test {
    @Test
    void decodesEveryPattern() {
        for (int bits = 0; bits < 1 << 16; bits++) {
            float actual = BFloat16.toFloat((short) bits);
            double expected = SlowFloats.decode(bits, 8, 7);
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
            float value = BFloat16.toFloat((short) bits);
            int expected = Float.isNaN(value) ? bits | 0x40 : bits;
            assertThat(BFloat16.fromFloat(value))
                    .as("pattern %04x", bits)
                    .isEqualTo((short) expected);
        }
    }

    @Test
    void roundsToTheNearestAllOverTheRange() {
        for (float value : SlowFloats.roundingCases(8, 7)) {
            if (Float.isNaN(value)) {
                assertThat(BFloat16.toFloat(BFloat16.fromFloat(value))).isNaN();
            } else {
                assertThat(BFloat16.fromFloat(value))
                        .as("%s", Float.toHexString(value))
                        .isEqualTo((short) SlowFloats.encode(value, 8, 7));
            }
        }
    }

    @ParameterizedTest
    @CsvSource({
        "0.0, 0000",
        "-0.0, 8000",
        "1.0, 3f80",
        "3.140625, 4049",
        "1.00390625, 3f80",
        "1.01171875, 3f82",
        "3.4028235e38, 7f80",
        "-3.4028235e38, ff80",
        "Infinity, 7f80",
        "1.4e-45, 0000",
        "9.2e-41, 0001"
    })
    void knownValues(float value, String pattern) {
        assertThat(BFloat16.fromFloat(value)).isEqualTo((short) Integer.parseInt(pattern, 16));
    }

    @Test
    void aNanKeepsItsSignAndUpperPayload() {
        assertThat(BFloat16.fromFloat(Float.intBitsToFloat(0x7F810000))).isEqualTo((short) 0x7FC1);
        assertThat(BFloat16.fromFloat(Float.intBitsToFloat(0xFFC00001))).isEqualTo((short) 0xFFC0);
    }
}
