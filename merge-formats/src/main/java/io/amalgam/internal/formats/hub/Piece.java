package io.amalgam.internal.formats.hub;

import java.io.IOException;
import java.net.http.HttpResponse;
import java.nio.ByteBuffer;

/** A range of a file on its way: the bytes go to their place as they come. */
final class Piece {
    final DownloadedFile file;
    final int index;
    final long from;
    final long to;

    /** The next byte that is wanted. */
    volatile long at;

    /** When something was last heard. */
    volatile long heard;

    /** Whether the answer was the whole file where a range was wanted. */
    volatile boolean unranged;

    private int requests;
    int failures;
    int redirects;
    long atFailure;
    long notBefore;

    Piece(DownloadedFile file, int index, long from, long to) {
        this.file = file;
        this.index = index;
        this.from = from;
        this.to = to;
        this.at = from;
        this.atFailure = from;
    }

    String range() {
        return "bytes=" + at + "-" + (to - 1);
    }

    boolean isDone() {
        return at == to;
    }

    /** Counts a failure; those before which bytes came do not count. */
    int failed() {
        failures = at > atFailure ? 1 : failures + 1;
        atFailure = at;
        return failures;
    }

    /** Begins another request; what an earlier one still brings is left. */
    synchronized int asked() {
        heard = System.nanoTime();
        unranged = false;
        return ++requests;
    }

    /**
     * Takes a good answer's body, and leaves all others.
     *
     * @param asked which request it answers
     */
    HttpResponse.BodySubscriber<Void> taking(HttpResponse.ResponseInfo info, int asked) {
        heard = System.nanoTime();
        if (info.statusCode() == 206) {
            String range = info.headers().firstValue("Content-Range").orElse("");
            if (range.startsWith("bytes " + at + "-")) {
                return new BodyWriter(bytes -> write(bytes, asked));
            }
        }
        if (info.statusCode() == 200) {
            if (from == 0 && to == file.size()) {
                at = 0;
                return new BodyWriter(bytes -> write(bytes, asked));
            }
            unranged = true;
        }
        return new BodyWriter.Refusal();
    }

    /** Not more than was asked for. */
    private void write(ByteBuffer buffer, int asked) throws IOException {
        heard = System.nanoTime();
        synchronized (this) {
            if (asked != requests) {
                throw new IOException("another request has taken its place");
            }
            int wanted = (int) Math.min(buffer.remaining(), to - at);
            buffer.limit(buffer.position() + wanted);
            at = file.write(buffer, at);
        }
    }
}
