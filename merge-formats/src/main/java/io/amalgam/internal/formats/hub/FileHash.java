package io.amalgam.internal.formats.hub;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.function.LongConsumer;

/** The hashes by which the hub knows files. */
final class FileHash {
    private static final int BUFFER = 1 << 20;

    private FileHash() {}

    /**
     * SHA-256 of a large file, git's name of any other.
     *
     * @param size that is part of git's name
     * @param read is told how many bytes were read, piece by piece
     */
    static String of(FileChannel channel, boolean large, long size, LongConsumer read)
            throws IOException {
        MessageDigest digest = begin(large, size);
        ByteBuffer buffer = ByteBuffer.allocate(BUFFER);
        for (long at = 0; channel.read(buffer, at) >= 0; buffer.clear()) {
            int got = buffer.flip().remaining();
            at += got;
            digest.update(buffer);
            read.accept(got);
        }
        return HexFormat.of().formatHex(digest.digest());
    }

    /** The same of a whole file in memory. */
    static String of(byte[] content, boolean large) {
        return HexFormat.of().formatHex(begin(large, content.length).digest(content));
    }

    private static MessageDigest begin(boolean large, long size) {
        try {
            MessageDigest digest = MessageDigest.getInstance(large ? "SHA-256" : "SHA-1");
            if (!large) {
                digest.update(("blob " + size + "\0").getBytes(StandardCharsets.US_ASCII));
            }
            return digest;
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }
}
