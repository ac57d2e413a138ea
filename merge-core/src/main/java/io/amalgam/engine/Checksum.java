package io.amalgam.engine;

/**
 * CRC-32C of data whose parts are written by different threads: the sums of the parts give the sum
 * of the whole.
 *
 * <p>Appending {@code n} zero bytes to data is a linear map on its CRC over GF(2); with it, {@code
 * crc(AB) = shift(crc(A), |B|) ^ crc(B)}. The map for {@code n} is a product of squarings of the
 * map for one bit.
 */
final class Checksum {
    private static final int POLYNOMIAL = 0x82F63B78;

    private Checksum() {}

    /** The CRC of A followed by B. */
    static int append(int crcA, int crcB, long lengthB) {
        if (lengthB == 0) {
            return crcA;
        }
        int[] power = oneBit();
        power = square(square(square(power)));
        int crc = crcA;
        for (long bytes = lengthB; bytes != 0; bytes >>>= 1) {
            if ((bytes & 1) != 0) {
                crc = times(power, crc);
            }
            power = square(power);
        }
        return crc ^ crcB;
    }

    /** Columns of the map that one zero bit applies to a (reflected) CRC register. */
    private static int[] oneBit() {
        int[] columns = new int[32];
        columns[0] = POLYNOMIAL;
        for (int bit = 1; bit < 32; bit++) {
            columns[bit] = 1 << (bit - 1);
        }
        return columns;
    }

    private static int times(int[] columns, int vector) {
        int sum = 0;
        for (int bit = 0; bit < 32; bit++) {
            if ((vector >>> bit & 1) != 0) {
                sum ^= columns[bit];
            }
        }
        return sum;
    }

    private static int[] square(int[] columns) {
        int[] squared = new int[32];
        for (int bit = 0; bit < 32; bit++) {
            squared[bit] = times(columns, columns[bit]);
        }
        return squared;
    }
}
