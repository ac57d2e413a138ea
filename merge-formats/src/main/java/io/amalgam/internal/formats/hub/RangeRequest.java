package io.amalgam.internal.formats.hub;

import io.amalgam.error.BadInputException;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.zip.CRC32C;

/** One try to fetch one piece of a file to a place of the buffer, without waiting for it. */
final class RangeRequest {
    private static final int MOST_REDIRECTS = 8;

    private final HubClient client;
    private final StreamedFile file;
    private final int piece;
    private final FileChannel channel;
    private final long place;
    private final CRC32C checksum = new CRC32C();
    private final EntryChecks.Part entries;
    private final CompletableFuture<Void> done = new CompletableFuture<>();

    private long at;
    private boolean over;
    private volatile CompletableFuture<?> flight = CompletableFuture.completedFuture(null);
    private volatile long heard = System.nanoTime();

    /**
     * @param place where the piece goes in the channel
     */
    RangeRequest(HubClient client, StreamedFile file, int piece, FileChannel channel, long place) {
        this.client = client;
        this.file = file;
        this.piece = piece;
        this.channel = channel;
        this.place = place;
        this.at = file.pieces().start(piece);
        this.entries = file.checks().part(at);
    }

    /** A failure after which the same request may succeed. */
    static final class Again extends IOException {
        private static final long serialVersionUID = 1L;

        private final transient Optional<Duration> pause;

        Again(String message, Optional<Duration> pause, Throwable cause) {
            super(message, cause);
            this.pause = pause;
        }

        Optional<Duration> pause() {
            return pause;
        }
    }

    long bytes() {
        return file.pieces().end(piece) - file.pieces().start(piece);
    }

    /** Begins it; the future ends when the piece is there, or with the reason it is not. */
    CompletableFuture<Void> begin() {
        ask(0);
        return done;
    }

    /** Whether nothing came for so long that it is given up, which this does. */
    void endIfSilent(long now) {
        if (now - heard > client.settings().timeout().toNanos()) {
            fail(new Again("no answer in time", Optional.empty(), new IOException("silence")));
            flight.cancel(true);
        }
    }

    private void ask(int redirects) {
        heard = System.nanoTime();
        URI address = file.address().get();
        HttpRequest request =
                client.request(address)
                        .header(
                                "Range",
                                "bytes="
                                        + file.pieces().start(piece)
                                        + "-"
                                        + (file.pieces().end(piece) - 1))
                        .GET()
                        .build();
        CompletableFuture<HttpResponse<Void>> answer = client.begin(request, this::taking);
        flight = answer;
        var unused =
                answer.whenComplete(
                        (response, failure) -> {
                            try {
                                if (failure == null) {
                                    take(response, redirects);
                                } else {
                                    failed(failure);
                                }
                            } catch (IOException | RuntimeException e) {
                                fail(e);
                            }
                        });
    }

    private void failed(Throwable failure) {
        Throwable cause =
                failure instanceof CompletionException && failure.getCause() != null
                        ? failure.getCause()
                        : failure;
        fail(
                cause instanceof BodyWriter.StorageException
                        ? cause
                        : new Again(HubClient.reason(cause), Optional.empty(), cause));
    }

    /** After this nothing is written any more: the place may be another's. */
    private void fail(Throwable reason) {
        end();
        done.completeExceptionally(reason);
    }

    private synchronized void end() {
        over = true;
    }

    private HttpResponse.BodySubscriber<Void> taking(HttpResponse.ResponseInfo info) {
        heard = System.nanoTime();
        String range = info.headers().firstValue("Content-Range").orElse("");
        String expected =
                "bytes "
                        + file.pieces().start(piece)
                        + "-"
                        + (file.pieces().end(piece) - 1)
                        + "/"
                        + file.file().size();
        return info.statusCode() == 206 && range.equals(expected)
                ? new BodyWriter(this::write)
                : new BodyWriter.Refusal();
    }

    private void write(ByteBuffer bytes) throws IOException {
        heard = System.nanoTime();
        synchronized (this) {
            if (over) {
                throw new IOException("another request has taken its place");
            }
            long left = file.pieces().end(piece) - at;
            bytes.limit(bytes.position() + (int) Math.min(bytes.remaining(), left));
            checksum.update(bytes.duplicate());
            entries.update(bytes.duplicate());
            while (bytes.hasRemaining()) {
                at += channel.write(bytes, place + at - file.pieces().start(piece));
            }
        }
    }

    private void take(HttpResponse<Void> answer, int redirects) throws IOException {
        int status = answer.statusCode();
        Optional<String> location = answer.headers().firstValue("Location");
        if (status == 206 && at == file.pieces().end(piece)) {
            complete();
        } else if (status >= 300 && status < 400 && location.isPresent()) {
            if (redirects == MOST_REDIRECTS) {
                throw new IOException("too many redirects of '" + file.file().path() + "'");
            }
            file.address().moved(HubClient.redirected(answer.uri(), location.get()));
            ask(redirects + 1);
        } else if (HubAnswer.isBusy(status)) {
            throw new Again(
                    "the hub is busy (" + status + ")",
                    HubAnswer.pause(answer.headers()),
                    new IOException("status " + status));
        } else if (status == 206 && at > file.pieces().start(piece)) {
            throw new Again("the connection broke off", Optional.empty(), new IOException("short"));
        } else if (status == 200 || status == 206 || status == 416) {
            throw new BadInputException(
                    HubProblems.noRanges(file.repo(), file.file(), answer.uri()));
        } else if (file.address().forget(answer.uri())) {
            throw new Again("the address has expired", Optional.empty(), new IOException("signed"));
        } else {
            throw new BadInputException(
                    HubProblems.of(
                            file.repo(),
                            new HubAnswer(answer.uri(), status, answer.headers(), new byte[0]),
                            file.file().path(),
                            client.settings()));
        }
    }

    private void complete() {
        end();
        if (!file.isSame(piece, (int) checksum.getValue())) {
            done.completeExceptionally(
                    new BadInputException(HubProblems.changing(file.repo(), file.file())));
            return;
        }
        Optional<String> damaged = entries.end();
        if (damaged.isEmpty()) {
            done.complete(null);
        } else {
            done.completeExceptionally(
                    new BadInputException(
                            HubProblems.damagedEntry(file.repo(), file.file(), damaged.get())));
        }
    }
}
