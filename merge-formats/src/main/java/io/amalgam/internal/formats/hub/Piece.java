package io.amalgam.internal.formats.hub;

import java.io.IOException;
import java.net.http.HttpResponse;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Flow;

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
                return new Writer(asked);
            }
        }
        if (info.statusCode() == 200) {
            if (from == 0 && to == file.size()) {
                at = 0;
                return new Writer(asked);
            }
            unranged = true;
        }
        return new Refusal();
    }

    private final class Writer implements HttpResponse.BodySubscriber<Void> {
        private final CompletableFuture<Void> done = new CompletableFuture<>();
        private final int asked;
        private volatile Flow.Subscription subscription = NONE;

        Writer(int asked) {
            this.asked = asked;
        }

        @Override
        public CompletionStage<Void> getBody() {
            return done;
        }

        @Override
        public void onSubscribe(Flow.Subscription given) {
            subscription = given;
            given.request(1);
        }

        @Override
        public void onNext(List<ByteBuffer> buffers) {
            heard = System.nanoTime();
            try {
                for (ByteBuffer buffer : buffers) {
                    write(buffer);
                }
            } catch (IOException e) {
                subscription.cancel();
                done.completeExceptionally(new StorageException(e));
                return;
            }
            subscription.request(1);
        }

        /** Not more than was asked for. */
        private void write(ByteBuffer buffer) throws IOException {
            synchronized (Piece.this) {
                if (asked != requests) {
                    throw new IOException("another request has taken its place");
                }
                int wanted = (int) Math.min(buffer.remaining(), to - at);
                buffer.limit(buffer.position() + wanted);
                while (buffer.hasRemaining()) {
                    at += file.channel().write(buffer, at);
                }
            }
        }

        @Override
        public void onError(Throwable e) {
            done.completeExceptionally(e);
        }

        @Override
        public void onComplete() {
            done.complete(null);
        }
    }

    /** A body that nobody wants may be as long as a model: it is not waited for. */
    static final class Refusal implements HttpResponse.BodySubscriber<Void> {
        private final CompletableFuture<Void> done = new CompletableFuture<>();

        @Override
        public CompletionStage<Void> getBody() {
            return done;
        }

        @Override
        public void onSubscribe(Flow.Subscription given) {
            given.cancel();
            done.complete(null);
        }

        @Override
        public void onNext(List<ByteBuffer> buffers) {}

        @Override
        public void onError(Throwable e) {
            done.complete(null);
        }

        @Override
        public void onComplete() {
            done.complete(null);
        }
    }

    private static final Flow.Subscription NONE =
            new Flow.Subscription() {
                @Override
                public void request(long n) {}

                @Override
                public void cancel() {}
            };

    /** The disk failed, not the connection. */
    static final class StorageException extends IOException {
        private static final long serialVersionUID = 1L;

        StorageException(IOException cause) {
            super(cause.getMessage(), cause);
        }
    }
}
