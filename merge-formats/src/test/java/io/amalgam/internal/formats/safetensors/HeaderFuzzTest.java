package io.amalgam.internal.formats.safetensors;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.amalgam.formats.safetensors.SafetensorsException;
import io.amalgam.formats.safetensors.SafetensorsHeader;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.Channels;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Whatever bytes a file holds, it is either refused with the format's own exception or described to
 * the byte.
 *
 * <p>Run as a test, {@link #anyBytes} takes its seeds: the corpus of bad files and those Python
 * wrote. {@code JAZZER_FUZZ=1} makes it search on from there.
 */
class HeaderFuzzTest {
    private static final String[] TOKENS = {
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
        "NaN"
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
    void mutatedFiles() {
        Random random = new Random(20_240_229);
        List<byte[]> valid =
                Resources.files("python").stream().map(HeaderFuzzTest::content).toList();
        List<byte[]> all = seeds();
        int accepted = 0;
        int refused = 0;
        for (int i = 0; i < 20_000; i++) {
            List<byte[]> seeds = random.nextBoolean() ? valid : all;
            byte[] mutant = seeds.get(random.nextInt(seeds.size())).clone();
            for (int change = random.nextInt(4); change >= 0; change--) {
                mutant = mutate(mutant, random);
            }
            if (accepted(mutant)) {
                accepted++;
            } else {
                refused++;
            }
        }
        // Else the mutations would break everything at once, or nothing.
        assertThat(accepted).isGreaterThan(500);
        assertThat(refused).isGreaterThan(5000);
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

    private static byte[] mutate(byte[] bytes, Random random) {
        int at = random.nextInt(bytes.length + 1);
        return switch (random.nextInt(5)) {
            case 0 -> {
                if (at < bytes.length) {
                    bytes[at] ^= (byte) (1 << random.nextInt(8));
                }
                yield bytes;
            }
            case 1 -> splice(bytes, at, 0, new byte[] {(byte) random.nextInt(256)});
            case 2 ->
                    splice(
                            bytes,
                            at,
                            random.nextInt(1 + Math.min(8, bytes.length - at)),
                            new byte[0]);
            case 3 -> {
                byte[] token =
                        TOKENS[random.nextInt(TOKENS.length)].getBytes(StandardCharsets.UTF_8);
                yield splice(bytes, at, random.nextInt(1 + Math.min(6, bytes.length - at)), token);
            }
            // The header length follows, so that changes of length are not all refused for it.
            default -> fixLength(bytes, random.nextInt(9) - 4);
        };
    }

    private static byte[] splice(byte[] bytes, int at, int removed, byte[] inserted) {
        byte[] out = new byte[bytes.length - removed + inserted.length];
        System.arraycopy(bytes, 0, out, 0, at);
        System.arraycopy(inserted, 0, out, at, inserted.length);
        System.arraycopy(
                bytes, at + removed, out, at + inserted.length, bytes.length - at - removed);
        return at >= 8 ? fixLength(out, inserted.length - removed) : out;
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
