package io.amalgam.internal.engine;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Random;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.RepetitionInfo;
import org.junit.jupiter.api.Test;

class ChecksumTest {
    @RepeatedTest(20)
    void sumsOfPartsGiveTheSumOfTheWhole(RepetitionInfo repetition) {
        Random random = new Random(repetition.getCurrentRepetition());
        byte[] data = new byte[random.nextInt(100_000)];
        random.nextBytes(data);
        int sum = 0;
        int from = 0;
        while (from < data.length) {
            int length = 1 + random.nextInt(data.length - from);
            sum = append(sum, crc(data, from, length), length);
            from += length;
        }
        assertThat(sum).isEqualTo(crc(data, 0, data.length));
    }

    @Test
    void anEmptyPartChangesNothing() {
        byte[] data = {1, 2, 3};
        int sum = crc(data, 0, 3);
        assertThat(append(sum, crc(data, 0, 0), 0)).isEqualTo(sum);
        assertThat(append(0, sum, 3)).isEqualTo(sum);
    }

    @Test
    void partsBeyondFourGigabytesAreAppendedInAnyGrouping() {
        long length = (5L << 32) + 12345;
        int a = 0x12345678;
        int b = 0x9abcdef0;
        int c = 0x0f1e2d3c;
        int left = append(append(a, b, length), c, length + 1);
        int right = append(a, append(b, c, length + 1), 2 * length + 1);
        assertThat(left).isEqualTo(right);
    }

    private static int crc(byte[] data, int from, int length) {
        CRC32C crc = new CRC32C();
        crc.update(data, from, length);
        return (int) crc.getValue();
    }

    private static int append(int crcA, int crcB, long lengthB) {
        return new Checksum.Shift(lengthB).append(crcA, crcB);
    }
}
