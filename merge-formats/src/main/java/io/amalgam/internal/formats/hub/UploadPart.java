package io.amalgam.internal.formats.hub;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpRequest.BodyPublisher;
import java.net.http.HttpRequest.BodyPublishers;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.StandardOpenOption;

/** A run of a file's bytes on its way to an address that was signed for it. */
final class UploadPart {
    final LargeUpload upload;
    final int number;
    final URI address;
    private final long from;
    private final long to;

    /** The receipt, as multipart uploads need it. */
    String etag = "";

    /** What was sent by the request under way; a request that fails begins anew. */
    volatile long sent;

    /** When something was last sent or heard. */
    volatile long heard;

    int failures;
    long notBefore = System.nanoTime();

    UploadPart(LargeUpload upload, int number, URI address, long from, long to) {
        this.upload = upload;
        this.number = number;
        this.address = address;
        this.from = from;
        this.to = to;
    }

    /** The same part of another upload of the file. */
    UploadPart of(LargeUpload other, URI to) {
        return new UploadPart(other, number, to, from, this.to);
    }

    boolean isSent() {
        return !etag.isEmpty();
    }

    long bytes() {
        return to - from;
    }

    /** Its bytes, read as they are sent. */
    BodyPublisher body() {
        sent = 0;
        heard = System.nanoTime();
        return BodyPublishers.fromPublisher(BodyPublishers.ofInputStream(this::open), bytes());
    }

    private InputStream open() {
        try {
            return new Section(FileChannel.open(upload.file().file(), StandardOpenOption.READ));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private final class Section extends InputStream {
        private final FileChannel channel;

        Section(FileChannel channel) {
            this.channel = channel;
        }

        @Override
        public int read() throws IOException {
            byte[] one = new byte[1];
            return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
        }

        @Override
        public int read(byte[] into, int offset, int length) throws IOException {
            long at = from + sent;
            if (at == to) {
                return -1;
            }
            int wanted = (int) Math.min(length, to - at);
            int got = channel.read(ByteBuffer.wrap(into, offset, wanted), at);
            // One thread reads a part at a time; others look.
            long sum = sent + Math.max(0, got);
            sent = sum;
            heard = System.nanoTime();
            return got;
        }

        @Override
        public void close() throws IOException {
            channel.close();
        }
    }
}
