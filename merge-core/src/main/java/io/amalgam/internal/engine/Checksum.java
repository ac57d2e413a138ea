package io.amalgam.internal.engine;

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

    /**
     * The map that appending so many zero bytes is, to be used for many sums: making it takes
     * longer than using it.
     */
    static final class Shift {
        private final long bytes;
        private final int[] map;

        Shift(long bytes) {
            this.bytes = bytes;
            int[] power = square(square(square(oneBit())));
            int[] product = new int[32];
            for (int bit = 0; bit < 32; bit++) {
                product[bit] = 1 << bit;
            }
            for (long left = bytes; left != 0; left >>>= 1) {
                if ((left & 1) != 0) {
                    product = product(power, product);
                }
                power = square(power);
            }
            this.map = product;
        }

        long bytes() {
            return bytes;
        }

        /** The CRC of A followed by B, where B has this many bytes. */
        int append(int crcA, int crcB) {
            return times(map, crcA) ^ crcB;
        }
    }

    private static int[] product(int[] left, int[] right) {
        int[] columns = new int[32];
        for (int bit = 0; bit < 32; bit++) {
            columns[bit] = times(left, right[bit]);
        }
        return columns;
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
        return product(columns, columns);
    }
}
