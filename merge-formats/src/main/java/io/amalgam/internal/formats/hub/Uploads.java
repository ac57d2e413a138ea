package io.amalgam.internal.formats.hub;

import java.io.IOException;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Sends large files, several parts at once. The calling thread hands out the parts and sees to
 * failures. Signed addresses get no token.
 */
final class Uploads {
    private static final int PARTS = 4;
    private static final int POLL_MILLIS = 200;

    /** A part that is whole may take a while to be answered. */
    private static final Duration SILENCE = Duration.ofMinutes(2);

    private final HubClient client;
    private final PushListener listener;
    private final BegunUploads begun;
    private final Deque<UploadPart> waiting = new ArrayDeque<>();
    private final Map<UploadPart, CompletableFuture<?>> flying = new HashMap<>();
    private final BlockingQueue<Event> events = new LinkedBlockingQueue<>();
    private final Set<LargeUpload> expired = new HashSet<>();
    private long done;

    /**
     * @param begun keeps what was sent
     */
    Uploads(HubClient client, PushListener listener, BegunUploads begun) {
        this.begun = begun;
        this.client = client;
        this.listener = listener;
    }

    private record Event(
            UploadPart part, @Nullable HttpResponse<Void> answer, @Nullable Throwable failure) {}

    /**
     * Sends all parts of these files.
     *
     * @param total bytes, for progress
     * @return those whose addresses have expired: they need new ones
     * @throws HubUnreachableException if a part cannot be sent, however often it is tried
     */
    List<LargeUpload> send(List<LargeUpload> uploads, long total) throws IOException {
        for (LargeUpload upload : uploads) {
            upload.parts().stream().filter(part -> !part.isSent()).forEach(waiting::add);
            done += upload.bytesThere();
        }
        expired.clear();
        try {
            while (!waiting.isEmpty() || !flying.isEmpty()) {
                fill();
                Event event = events.poll(POLL_MILLIS, TimeUnit.MILLISECONDS);
                if (event != null && flying.remove(event.part) != null) {
                    take(event);
                }
                long under = flying.keySet().stream().mapToLong(part -> part.sent).sum();
                listener.sent(Math.min(total, done + under), total);
                endSilent();
            }
        } catch (InterruptedException e) {
            throw HubClient.interrupted();
        } finally {
            flying.values().forEach(request -> request.cancel(true));
        }
        return new ArrayList<>(expired);
    }

    private void fill() {
        long now = System.nanoTime();
        for (int i = waiting.size(); i > 0 && flying.size() < PARTS; i--) {
            UploadPart part = waiting.remove();
            if (part.notBefore - now > 0) {
                waiting.add(part);
            } else {
                put(part);
            }
        }
    }

    private void put(UploadPart part) {
        HttpRequest request =
                HttpRequest.newBuilder(part.address)
                        .header("User-Agent", "amalgam")
                        .PUT(part.body())
                        .build();
        CompletableFuture<HttpResponse<Void>> answer =
                client.begin(request, BodyHandlers.discarding());
        flying.put(part, answer);
        var unused =
                answer.whenComplete(
                        (response, failure) -> events.add(new Event(part, response, failure)));
    }

    private void take(Event event) throws IOException {
        UploadPart part = event.part;
        if (event.answer == null) {
            Throwable failure = event.failure == null ? new IOException() : event.failure;
            retry(part, Optional.empty(), HubClient.reason(failure), failure);
            return;
        }
        int status = event.answer.statusCode();
        if (status >= 200 && status < 300) {
            part.etag = event.answer.headers().firstValue("ETag").orElse("");
            done += part.bytes();
            begun.sent(part);
        } else if (HubAnswer.isBusy(status)) {
            retry(
                    part,
                    HubAnswer.pause(event.answer.headers()),
                    "the storage is busy (" + status + ")",
                    new IOException("status " + status));
        } else if (status == 403 || status == 400 || isGone(part, status)) {
            if (expired.add(part.upload)) {
                waiting.removeIf(other -> other.upload == part.upload);
            }
        } else {
            throw new IOException(
                    "'" + part.upload.file().path() + "' is not taken: status " + status);
        }
    }

    private static boolean isGone(UploadPart part, int status) {
        return status == 404 && part.upload.isContinued();
    }

    private void retry(UploadPart part, Optional<Duration> asked, String reason, Throwable failure)
            throws IOException {
        if (expired.contains(part.upload)) {
            return;
        }
        if (++part.failures >= HubClient.tries(failure)) {
            throw new HubUnreachableException(reason, failure);
        }
        Duration pause = asked.orElse(HubAnswer.pause(part.failures));
        part.notBefore = System.nanoTime() + pause.toNanos();
        if (pause.toSeconds() > 0) {
            listener.waiting(reason, pause);
        }
        waiting.add(part);
    }

    private void endSilent() {
        long now = System.nanoTime();
        flying.forEach(
                (part, request) -> {
                    if (now - part.heard > SILENCE.toNanos()) {
                        part.heard = now;
                        request.cancel(true);
                    }
                });
    }
}
