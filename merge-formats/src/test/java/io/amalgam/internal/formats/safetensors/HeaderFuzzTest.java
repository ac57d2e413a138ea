package io.amalgam.internal.formats.safetensors;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.amalgam.formats.safetensors.SafetensorsException;
import io.amalgam.formats.safetensors.SafetensorsHeader;
import io.amalgam.fuzz.Fuzzing;
import io.amalgam.fuzz.Mutations;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.Channels;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Whatever bytes a file holds, it is either refused with the format's own exception or described to
 * the byte.
 *
 * <p>Run as a test, {@link #anyBytes} takes its seeds: the corpus of bad files and those Python
 * wrote. {@code make fuzz} makes it search on from there.
 */
class HeaderFuzzTest {
    private static final Mutations MUTATIONS =
            new Mutations(
                    List.of(
                            "{",
                            "}",
                            "[",
                            "]",
                            ",",
                            ":",
                            "\"",
                            "\\",
                            "\\u0000",
                            "\\ud800",
                            "null",
                            "true",
                            "0",
                            "1",
                            "-1",
                            "1.5",
                            "1e9",
                            "9223372036854775807",
                            "18446744073709551615",
                            "\"dtype\"",
                            "\"shape\"",
                            "\"data_offsets\"",
                            "\"__metadata__\"",
                            "\"F32\"",
                            "\"F4\"",
                            "[0,4]",
                            "[]",
                            "{}",
                            " ",
                            "\0",
                            "\u00e9",
                            "//",
                            "NaN")) {
                /** The header's length follows, so that changes of it are not all refused. */
                @Override
                protected byte[] splice(byte[] bytes, int at, int removed, byte[] inserted) {
                    byte[] out = super.splice(bytes, at, removed, inserted);
                    return at < 8 ? out : fixLength(out, inserted.length - removed);
                }
            };

    static List<byte[]> seeds() {
        return Stream.concat(
                        Resources.files("attacks").stream(), Resources.files("python").stream())
                .map(HeaderFuzzTest::content)
                .toList();
    }

    @MethodSource("seeds")
    @FuzzTest(maxDuration = "90s")
    void anyBytes(byte[] bytes) {
        accepted(bytes);
    }

    @Test
    void changedFiles() {
        List<byte[]> valid =
                Resources.files("python").stream().map(HeaderFuzzTest::content).toList();
        Fuzzing.run(20_000, MUTATIONS, seeds(), valid, HeaderFuzzTest::accepted)
                .areBothAtLeast(500);
    }

    /** Any exception but the format's own fails the test. */
    private static boolean accepted(byte[] bytes) {
        SafetensorsHeader header;
        try {
            header =
                    SafetensorsHeader.read(
                            "fuzz",
                            Channels.newChannel(new ByteArrayInputStream(bytes)),
                            bytes.length);
        } catch (SafetensorsException e) {
            assertThat(e.rule()).isNotNull();
            assertThat(e.getMessage())
                    .startsWith(e.getMessage().strip())
                    .contains("'fuzz'")
                    .hasSizeLessThan(2000);
            assertThat(e.getMessage().chars().noneMatch(Character::isISOControl)).isTrue();
            return false;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        long next = header.dataStart();
        for (SafetensorsHeader.Entry entry : header.tensors().values()) {
            assertThat(header.dataStart() + entry.begin()).isEqualTo(next);
            assertThat(entry.end() - entry.begin()).isEqualTo(entry.info().bytes());
            next = header.dataStart() + entry.end();
        }
        assertThat(next).isEqualTo(bytes.length);
        return true;
    }

    private static byte[] fixLength(byte[] bytes, int by) {
        if (bytes.length >= 8 && bytes[7] == 0) {
            int length = (bytes[0] & 0xFF) + ((bytes[1] & 0xFF) << 8) + by;
            bytes[0] = (byte) length;
            bytes[1] = (byte) (length >> 8);
        }
        return bytes;
    }

    private static byte[] content(Path file) {
        try {
            return Files.readAllBytes(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
