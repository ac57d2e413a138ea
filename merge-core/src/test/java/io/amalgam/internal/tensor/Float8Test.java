package io.amalgam.internal.tensor;

import static org.assertj.core.api.Assertions.assertThat;

import io.amalgam.tensor.SlowFloats;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class Float8Test {
    @Test
    void e5m2DecodesEveryPattern() {
        for (int bits = 0; bits < 256; bits++) {
            assertThat(Float8.e5m2ToFloat((byte) bits))
                    .as("pattern %02x", bits)
                    .isEqualTo(Float.valueOf((float) SlowFloats.decode(bits, 5, 2)));
        }
    }

    @Test
    void e4m3DecodesEveryPattern() {
        for (int bits = 0; bits < 256; bits++) {
            // All but one pattern per sign are numbers: the top exponent, too, is an ordinary one.
            int exponent = (bits >> 3) & 15;
            double fraction = (bits & 7) / 8.0;
            double magnitude =
                    exponent == 0 ? fraction / 64 : (1 + fraction) * Math.pow(2, exponent - 7);
            double expected =
                    (bits & 0x7F) == 0x7F ? Double.NaN : bits < 128 ? magnitude : -magnitude;
            assertThat(Float8.e4m3ToFloat((byte) bits))
                    .as("pattern %02x", bits)
                    .isEqualTo(Float.valueOf((float) expected));
        }
    }

    @Test
    void encodingUndoesDecoding() {
        for (int bits = 0; bits < 256; bits++) {
            float e4m3 = Float8.e4m3ToFloat((byte) bits);
            float e5m2 = Float8.e5m2ToFloat((byte) bits);
            if (!Float.isNaN(e4m3)) {
                assertThat(Float8.floatToE4m3(e4m3)).as("e4m3 %02x", bits).isEqualTo((byte) bits);
            }
            if (!Float.isNaN(e5m2)) {
                assertThat(Float8.floatToE5m2(e5m2)).as("e5m2 %02x", bits).isEqualTo((byte) bits);
            }
        }
    }

    @Test
    void e5m2RoundsToTheNearestAllOverTheRange() {
        for (float value : SlowFloats.roundingCases(5, 2)) {
            if (Float.isNaN(value)) {
                assertThat(Float8.e5m2ToFloat(Float8.floatToE5m2(value))).isNaN();
            } else {
                assertThat(Float8.floatToE5m2(value))
                        .as("%s", Float.toHexString(value))
                        .isEqualTo((byte) SlowFloats.encode(value, 5, 2));
            }
        }
    }

    @Test
    void e4m3RoundsToTheNearestAllOverTheRange() {
        for (float value : SlowFloats.roundingCases(4, 3)) {
            float magnitude = Math.abs(value);
            byte actual = Float8.floatToE4m3(value);
            if (magnitude > 464 || Float.isNaN(value)) {
                // 464 is the middle between 448 and what would be 480, whose pattern is the NaN.
                assertThat(actual & 0x7F).as("%s", value).isEqualTo(0x7F);
            } else if (magnitude < 248) {
                // Below the top exponent the format is an ordinary one.
                assertThat(actual)
                        .as("%s", Float.toHexString(value))
                        .isEqualTo((byte) SlowFloats.encode(value, 4, 3));
            } else {
                // Within it, and just below, numbers are multiples of 32 (16 below 256).
                double expected = magnitude < 256 ? 256 : 32 * Math.rint(magnitude / 32.0);
                assertThat(Math.abs(Float8.e4m3ToFloat(actual)))
                        .as("%s", value)
                        .isEqualTo((float) expected);
            }
        }
    }

    @ParameterizedTest
    @CsvSource({
        "448, 7e, 5f",
        "464, 7e, 5f",
        "465, 7f, 5f",
        "57344, 7f, 7b",
        "61439, 7f, 7b",
        "61440, 7f, 7c",
        "Infinity, 7f, 7c",
        "-Infinity, ff, fc",
        "0.0, 00, 00",
        "-0.0, 80, 80",
        "0.001953125, 01, 18",
        "0.0009765625, 00, 14",
        "1, 38, 3c"
    })
    void knownValues(float value, String e4m3, String e5m2) {
        assertThat(Float8.floatToE4m3(value)).isEqualTo((byte) Integer.parseInt(e4m3, 16));
        assertThat(Float8.floatToE5m2(value)).isEqualTo((byte) Integer.parseInt(e5m2, 16));
    }
}
