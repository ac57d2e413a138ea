package io.amalgam.internal.engine;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Optional;
import java.util.zip.CRC32C;

/** Bytes in a file with their checksum behind them: what was cut short is not read. */
final class KeptResult {
    private KeptResult() {}

    /** The contents of such a file. */
    static byte[] sealed(byte[] result) {
        ByteBuffer bytes = ByteBuffer.allocate(result.length + Integer.BYTES);
        return bytes.put(result).putInt(crc(result)).array();
    }

    /** The bytes; empty if there is no such file, or it is not whole. */
    static Optional<byte[]> read(Path file) throws IOException {
        byte[] all;
        try {
            all = Files.readAllBytes(file);
        } catch (NoSuchFileException e) {
            return Optional.empty();
        }
        int length = all.length - Integer.BYTES;
        if (length < 0) {
            return Optional.empty();
        }
        byte[] result = Arrays.copyOf(all, length);
        return ByteBuffer.wrap(all).getInt(length) == crc(result)
                ? Optional.of(result)
                : Optional.empty();
    }

    private static int crc(byte[] bytes) {
        CRC32C crc = new CRC32C();
        crc.update(bytes);
        return (int) crc.getValue();
    }
}
