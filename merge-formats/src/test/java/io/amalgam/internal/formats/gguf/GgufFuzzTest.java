package io.amalgam.internal.formats.gguf;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.amalgam.error.BadInputException;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.Channels;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Whatever bytes a GGUF file holds, it is either refused with one line, or all its tensors lie
 * inside it and apart.
 *
 * <p>Run as a test, {@link #anyBytes} takes its seeds. {@code JAZZER_FUZZ=1} makes it search on
 * from there.
 */
class GgufFuzzTest {
    private static final Path MODELS = Path.of("src/test/resources/golden/gguf/models");
    private static final List<String> SEEDS =
            List.of(
                    "gguf-container/keys.gguf",
                    "gguf-mixed/big-endian.gguf",
                    "gguf-split/mixed-00003-of-00003.gguf");
    private static final long[] NUMBERS = {
        0, 1, 2, 4, 5, 8, 9, 31, 32, 33, 255, 1L << 31, 1L << 32, 1L << 61, 1L << 63, -1
    };

    static List<byte[]> seeds() {
        List<byte[]> seeds = new ArrayList<>();
        for (String seed : SEEDS) {
            try {
                seeds.add(Files.readAllBytes(MODELS.resolve(seed)));
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
        return seeds;
    }

    @MethodSource("seeds")
    @FuzzTest(maxDuration = "90s")
    void anyBytes(byte[] bytes) {
        accepted(bytes);
    }

    @Test
    void mutatedFiles() {
        Random random = new Random(7);
        List<byte[]> seeds = seeds();
        int accepted = 0;
        int refused = 0;
        for (int i = 0; i < 30_000; i++) {
            byte[] mutant = seeds.get(i % seeds.size()).clone();
            for (int change = random.nextInt(3); change >= 0; change--) {
                mutant = mutate(mutant, random);
            }
            if (accepted(mutant)) {
                accepted++;
            } else {
                refused++;
            }
        }
        // Else the mutations would break everything at once, or nothing.
        assertThat(accepted).isGreaterThan(1000);
        assertThat(refused).isGreaterThan(5000);
    }

    private static byte[] mutate(byte[] bytes, Random random) {
        int at = random.nextInt(bytes.length);
        return switch (random.nextInt(4)) {
            case 0 -> {
                bytes[at] ^= (byte) (1 << random.nextInt(8));
                yield bytes;
            }
            case 1 -> Arrays.copyOf(bytes, Math.max(1, at));
            case 2 -> {
                byte[] longer = new byte[bytes.length + 1];
                System.arraycopy(bytes, 0, longer, 0, at);
                System.arraycopy(bytes, at, longer, at + 1, bytes.length - at);
                yield longer;
            }
            default -> {
                if (at + Long.BYTES <= bytes.length) {
                    ByteBuffer.wrap(bytes)
                            .order(ByteOrder.LITTLE_ENDIAN)
                            .putLong(at, NUMBERS[random.nextInt(NUMBERS.length)]);
                }
                yield bytes;
            }
        };
    }

    /** Any exception but a refusal fails the test. */
    private static boolean accepted(byte[] bytes) {
        GgufHeader header;
        try {
            header =
                    GgufHeader.read(
                            "fuzz",
                            Channels.newChannel(new ByteArrayInputStream(bytes)),
                            bytes.length,
                            bytes.length % 2 == 0);
        } catch (BadInputException e) {
            assertThat(e.problems()).hasSize(1);
            assertThat(e.getMessage()).contains("'fuzz', byte ").hasSizeLessThan(2000);
            assertThat(e.getMessage().chars().noneMatch(Character::isISOControl)).isTrue();
            return false;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        boolean[] taken = new boolean[bytes.length];
        for (GgufHeader.Entry entry : header.tensors().values()) {
            for (long i = entry.offset(); i < entry.offset() + entry.length(); i++) {
                assertThat(taken[(int) i]).isFalse();
                taken[(int) i] = true;
            }
        }
        return true;
    }
}
