package io.amalgam.internal.formats.hub;

import java.io.IOException;
import java.net.http.HttpResponse;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Flow;

/** Hands a body on as it comes, and stops it where that fails. */
final class BodyWriter implements HttpResponse.BodySubscriber<Void> {
    private final CompletableFuture<Void> done = new CompletableFuture<>();
    private final Taker taker;
    private volatile Flow.Subscription subscription = NONE;

    /** Takes bytes in their order. */
    interface Taker {
        void take(ByteBuffer bytes) throws IOException;
    }

    BodyWriter(Taker taker) {
        this.taker = taker;
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
        try {
            for (ByteBuffer buffer : buffers) {
                taker.take(buffer);
            }
        } catch (IOException e) {
            subscription.cancel();
            done.completeExceptionally(new StorageException(e));
            return;
        }
        subscription.request(1);
    }

    @Override
    public void onError(Throwable e) {
        done.completeExceptionally(e);
    }

    @Override
    public void onComplete() {
        done.complete(null);
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
