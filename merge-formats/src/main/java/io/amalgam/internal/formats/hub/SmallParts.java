package io.amalgam.internal.formats.hub;

import io.amalgam.error.BadInputException;
import java.io.IOException;
import java.net.URI;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * Contents or beginnings of a commit's files, in memory. Those that are announced are fetched
 * several at a time, ahead of who takes them.
 */
final class SmallParts {
    private static final int AT_ONCE = 8;

    /** How often a whole file is fetched whose contents are others than its hash says. */
    private static final int TRIES = 3;

    private final HubClient client;
    private final RepoName repo;
    private final RepoListing listing;
    private final Deque<String> waiting = new ArrayDeque<>();
    private final Map<String, String> ranges = new HashMap<>();
    private final Map<String, byte[]> read = new HashMap<>();
    private final Map<String, CompletableFuture<HubAnswer>> flying = new HashMap<>();

    SmallParts(HubClient client, RepoName repo, RepoListing listing) {
        this.client = client;
        this.repo = repo;
        this.listing = listing;
    }

    RepoName repo() {
        return repo;
    }

    /** Where a file is at the endpoint. */
    URI address(String path) {
        return client.address(repo.id(), "resolve", listing.commit(), path);
    }

    /** A whole file, now. */
    byte[] bytes(String path) throws IOException {
        byte[] known = read.get(path);
        byte[] content = known == null ? bytes(path, "") : known;
        read.put(path, content);
        return content;
    }

    /** The bytes from one to another one, which is not among them. */
    byte[] bytes(String path, long from, long to) throws IOException {
        return bytes(path, "bytes=" + from + "-" + (to - 1));
    }

    private byte[] bytes(String path, String range) throws IOException {
        for (int tries = 1; ; tries++) {
            HubAnswer answer = client.get(address(path), range);
            if (!answer.isGood()) {
                throw new BadInputException(HubProblems.of(repo, answer, path, client.settings()));
            }
            RemoteFile file = listing.files().get(path);
            if (!range.isEmpty() || file == null || isRight(path, answer.body())) {
                return answer.body();
            }
            if (tries == TRIES) {
                String hash = FileHash.of(answer.body(), file.large());
                throw new BadInputException(HubProblems.damaged(repo, file, hash));
            }
        }
    }

    /** Whether a whole file has the hash that the hub names. */
    private boolean isRight(String path, byte[] content) {
        RemoteFile file = listing.files().get(path);
        return file == null || FileHash.of(content, file.large()).equals(file.etag());
    }

    /** A whole file will be taken. */
    void announce(String path) {
        announce(path, "");
    }

    /** So many bytes of a file's beginning will be taken. */
    void announce(String path, int bytes) {
        announce(path, "bytes=0-" + (bytes - 1));
    }

    private void announce(String path, String range) {
        if (!read.containsKey(path)) {
            ranges.put(path, range);
            waiting.add(path);
        }
    }

    /** What was announced. */
    byte[] take(String path) throws IOException {
        byte[] known = read.get(path);
        if (known != null) {
            return known;
        }
        while (flying.size() < AT_ONCE && !waiting.isEmpty()) {
            String next = waiting.remove();
            flying.put(next, client.begin(address(next), ranges.getOrDefault(next, "")));
        }
        String range = ranges.getOrDefault(path, "");
        CompletableFuture<HubAnswer> answer = flying.remove(path);
        if (answer == null) {
            waiting.remove(path);
            return bytes(path, range);
        }
        try {
            HubAnswer got =
                    answer.get(3 * client.settings().timeout().toMillis(), TimeUnit.MILLISECONDS);
            boolean good = got.isGood() && (!range.isEmpty() || isRight(path, got.body()));
            return good ? got.body() : bytes(path, range);
        } catch (InterruptedException e) {
            throw HubClient.interrupted();
        } catch (ExecutionException | TimeoutException e) {
            answer.cancel(true);
            return bytes(path, range); // With patience, and with words for what is wrong.
        }
    }
}
