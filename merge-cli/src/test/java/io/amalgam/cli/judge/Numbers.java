package io.amalgam.cli.judge;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/** Files of token numbers, as NumPy writes them. */
public final class Numbers {
    private Numbers() {}

    /** The tokens of the losses in {@code losses.json}. */
    public static int[] tokens(int count, int vocabulary) {
        int[] tokens = new int[count];
        for (int i = 0; i < count; i++) {
            tokens[i] = (int) ((7L * i * i + 3L * i + 1) % (vocabulary - 1));
        }
        return tokens;
    }

    public static Path write(Path file, int... tokens) throws IOException {
        String header =
                "{'descr': '<i4', 'fortran_order': False, 'shape': (%d,), }"
                        .formatted(tokens.length);
        String padded = header + " ".repeat(63 - (10 + header.length()) % 64) + "\n";
        ByteBuffer bytes =
                ByteBuffer.allocate(10 + padded.length() + tokens.length * Integer.BYTES)
                        .order(ByteOrder.LITTLE_ENDIAN);
        bytes.put(new byte[] {(byte) 0x93, 'N', 'U', 'M', 'P', 'Y', 1, 0});
        bytes.putShort((short) padded.length());
        bytes.put(padded.getBytes(StandardCharsets.US_ASCII));
        for (int token : tokens) {
            bytes.putInt(token);
        }
        return Files.write(file, bytes.array());
    }
}
