package io.amalgam.internal.formats.hub;

import io.amalgam.error.BadInputException;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Fetches files of one commit into the cache, several ranges at once. The calling thread hands out
 * the ranges and sees to failures; bytes are written by the threads of the HTTP client.
 */
final class Download {
    private static final int RANGES = 8;
    private static final int MOST_RESTARTS = 3;
    private static final int POLL_MILLIS = 200;

    private final HubClient client;
    private final FreeSpace space;
    private final HubListener listener;
    private final RepoName repo;
    private final String commit;
    private final RepoCache cache;

    private final Deque<RemoteFile> files = new ArrayDeque<>();
    private final List<DownloadedFile> open = new ArrayList<>();
    private final Map<Piece, CompletableFuture<?>> flying = new HashMap<>();
    private final BlockingQueue<Event> events = new LinkedBlockingQueue<>();
    private long finished;
    private long total;
    private long pausedUntil = System.nanoTime();

    Download(
            HubClient client,
            FreeSpace space,
            HubListener listener,
            RepoName repo,
            String commit,
            RepoCache cache) {
        this.client = client;
        this.space = space;
        this.listener = listener;
        this.repo = repo;
        this.commit = commit;
        this.cache = cache;
    }

    /** The end of a request. */
    private record Event(
            Piece piece, @Nullable HttpResponse<Void> answer, @Nullable Throwable failure) {}

    /**
     * Fetches those whose contents are not there.
     *
     * @throws BadInputException if one may not be read, does not fit, or is not what was promised
     * @throws HubUnreachableException if the connection is lost for good
     */
    void fetch(Collection<RemoteFile> wanted) throws IOException {
        long kept = 0;
        for (RemoteFile file : wanted) {
            if (!Files.exists(cache.blob(file.etag()))) {
                files.add(file);
                total += file.size();
                kept += DownloadedFile.keptBytes(cache, file);
            }
        }
        if (files.isEmpty()) {
            return;
        }
        long needed = total - kept;
        space.require(needed, List.of(repo), cache.cache());
        listener.downloading(repo.toString(), files.size(), total);
        try {
            while (!files.isEmpty() || !open.isEmpty()) {
                fill();
                Event event = events.poll(POLL_MILLIS, TimeUnit.MILLISECONDS);
                if (event != null && flying.remove(event.piece) != null) {
                    take(event);
                }
                listener.progressed(
                        finished + open.stream().mapToLong(DownloadedFile::doneBytes).sum(), total);
                endSilent();
            }
        } catch (InterruptedException e) {
            throw HubClient.interrupted();
        } finally {
            flying.values().forEach(request -> request.cancel(true));
            for (DownloadedFile file : open) {
                file.close();
            }
        }
        listener.downloaded(repo.toString());
    }

    /** Asks for as much as may be under way. */
    private void fill() throws IOException {
        while (flying.size() < RANGES && pausedUntil - System.nanoTime() <= 0) {
            Optional<Piece> piece = nextPiece();
            if (piece.isPresent()) {
                ask(piece.get());
            } else if (!openNext()) {
                return;
            }
        }
    }

    private Optional<Piece> nextPiece() {
        long now = System.nanoTime();
        return open.stream().flatMap(file -> file.next(now).stream()).findFirst();
    }

    /** Opens another file; false if there is none, or all are in the hands of others. */
    private boolean openNext() throws IOException {
        for (int i = files.size(); i > 0; i--) {
            RemoteFile file = files.remove();
            if (Files.exists(cache.blob(file.etag()))) {
                finished += file.size(); // Another process has fetched it.
                return true;
            }
            URI address = client.address(repo.id(), "resolve", commit, file.path());
            Optional<DownloadedFile> begun = DownloadedFile.begin(file, cache, address);
            if (begun.isPresent()) {
                open.add(begun.get());
                if (begun.get().isComplete()) {
                    finish(begun.get());
                }
                return true;
            }
            files.add(file);
        }
        return false;
    }

    private void ask(Piece piece) {
        HttpRequest request =
                client.request(piece.file.address().get())
                        .header("Range", piece.range())
                        .GET()
                        .build();
        int asked = piece.asked();
        CompletableFuture<HttpResponse<Void>> answer =
                client.begin(request, info -> piece.taking(info, asked));
        flying.put(piece, answer);
        var unused =
                answer.whenComplete(
                        (response, failure) -> events.add(new Event(piece, response, failure)));
    }

    private void take(Event event) throws IOException {
        Piece piece = event.piece;
        DownloadedFile file = piece.file;
        if (event.failure != null) {
            Throwable failure =
                    event.failure instanceof CompletionException && event.failure.getCause() != null
                            ? event.failure.getCause()
                            : event.failure;
            if (failure instanceof BodyWriter.StorageException storage) {
                throw (IOException) storage.getCause();
            }
            retry(piece, Optional.empty(), HubClient.reason(failure), failure);
            return;
        }
        HttpResponse<Void> answer = Objects.requireNonNull(event.answer);
        Optional<String> location = answer.headers().firstValue("Location");
        int status = answer.statusCode();
        if (piece.isDone() && (status == 200 || status == 206)) {
            file.whole(piece);
            if (file.isComplete()) {
                finish(file);
            }
        } else if (piece.unranged) {
            dropOthers(file);
            file.undivided();
        } else if (status >= 300 && status < 400 && location.isPresent()) {
            URI to = HubClient.redirected(answer.uri(), location.get());
            if (client.settings().isOwn(to)) {
                file.address().movedInside(to);
            } else {
                file.address().moved(to);
            }
            if (piece.redirects++ > HubClient.TRIES) {
                throw new IOException("too many redirects of '" + file.file().path() + "'");
            }
            file.again(piece);
        } else if (HubAnswer.isBusy(status)) {
            retry(
                    piece,
                    HubAnswer.pause(answer.headers()),
                    "the hub is busy (" + status + ")",
                    new IOException("status " + status));
        } else if (status == 200
                || status == 206
                || status == 416
                || file.address().forget(answer.uri())) {
            retry(piece, Optional.empty(), "the connection broke off", new IOException("short"));
        } else {
            throw new BadInputException(
                    HubProblems.of(
                            repo,
                            new HubAnswer(answer.uri(), status, answer.headers(), new byte[0]),
                            file.file().path(),
                            client.settings()));
        }
    }

    private void dropOthers(DownloadedFile file) {
        flying.entrySet()
                .removeIf(
                        entry -> {
                            boolean other = entry.getKey().file == file;
                            if (other) {
                                entry.getValue().cancel(true);
                            }
                            return other;
                        });
    }

    /** Asks for a piece again, from where it is. */
    private void retry(Piece piece, Optional<Duration> asked, String reason, Throwable failure)
            throws IOException {
        int failures = piece.failed();
        if (failures >= HubClient.TRIES) {
            throw new HubUnreachableException(reason, failure);
        }
        Duration pause = asked.orElse(HubAnswer.pause(failures));
        piece.notBefore = System.nanoTime() + pause.toNanos();
        if (asked.isPresent()) {
            pausedUntil = piece.notBefore; // All are meant.
        }
        if (pause.toSeconds() > 0) {
            listener.waiting(reason, pause);
        }
        piece.file.again(piece);
    }

    private void finish(DownloadedFile file) throws IOException {
        Optional<String> wrong = file.finish();
        if (wrong.isPresent()) {
            if (file.restart() >= MOST_RESTARTS) {
                throw new BadInputException(HubProblems.damaged(repo, file.file(), wrong.get()));
            }
            return;
        }
        finished += file.size();
        open.remove(file);
        file.close();
    }

    /** A body that stops coming has no time limit of its own. */
    private void endSilent() {
        long now = System.nanoTime();
        long most = client.settings().timeout().toNanos();
        flying.forEach(
                (piece, request) -> {
                    if (now - piece.heard > most) {
                        piece.heard = now;
                        request.cancel(true);
                    }
                });
    }
}
