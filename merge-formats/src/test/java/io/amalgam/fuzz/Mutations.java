package io.amalgam.fuzz;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Random;

/**
 * Changes bytes: bits flipped, bytes lost and added, pieces of the format, parts of other files.
 */
public class Mutations {
    private static final long[] NUMBERS = {
        0, 1, -1, 2, 0x7f, 0x80, 0xff, 0x7fff, 0xffff, 0x7fff_ffff, 0xffff_ffffL, Long.MAX_VALUE
    };

    private final List<byte[]> pieces;

    /**
     * @param pieces that mean something in the format
     */
    public Mutations(List<String> pieces) {
        this.pieces = pieces.stream().map(piece -> piece.getBytes(StandardCharsets.UTF_8)).toList();
    }

    /** One change. */
    public byte[] change(byte[] bytes, List<byte[]> others, Random random) {
        int at = random.nextInt(bytes.length + 1);
        int few = random.nextInt(1 + Math.min(8, bytes.length - at));
        return switch (random.nextInt(7)) {
            case 0 -> flipped(bytes, at, random);
            case 1 -> splice(bytes, at, 0, new byte[] {(byte) random.nextInt(256)});
            case 2 -> splice(bytes, at, few, new byte[0]);
            case 3 -> splice(bytes, at, few, pieces.get(random.nextInt(pieces.size())));
            case 4 -> overwritten(bytes, at, random);
            case 5 -> splice(bytes, at, 0, Arrays.copyOfRange(bytes, at, at + few));
            default -> {
                byte[] other = others.get(random.nextInt(others.size()));
                int from = random.nextInt(other.length + 1);
                int length = random.nextInt(1 + Math.min(64, other.length - from));
                yield splice(bytes, at, few, Arrays.copyOfRange(other, from, from + length));
            }
        };
    }

    private static byte[] flipped(byte[] bytes, int at, Random random) {
        byte[] changed = bytes.clone();
        if (at < changed.length) {
            changed[at] ^= (byte) (1 << random.nextInt(8));
        }
        return changed;
    }

    /** A number of 1, 2, 4 or 8 bytes over what is there, as sizes and offsets are stored. */
    private static byte[] overwritten(byte[] bytes, int at, Random random) {
        byte[] changed = bytes.clone();
        long number = NUMBERS[random.nextInt(NUMBERS.length)];
        int width = 1 << random.nextInt(4);
        for (int i = 0; i < width && at + i < changed.length; i++) {
            changed[at + i] = (byte) (number >>> (8 * i));
        }
        return changed;
    }

    /** Puts bytes in the place of others. */
    protected byte[] splice(byte[] bytes, int at, int removed, byte[] inserted) {
        byte[] out = new byte[bytes.length - removed + inserted.length];
        System.arraycopy(bytes, 0, out, 0, at);
        System.arraycopy(inserted, 0, out, at, inserted.length);
        System.arraycopy(
                bytes, at + removed, out, at + inserted.length, bytes.length - at - removed);
        return out;
    }
}
