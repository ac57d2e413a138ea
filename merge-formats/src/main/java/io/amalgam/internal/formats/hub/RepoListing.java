package io.amalgam.internal.formats.hub;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.amalgam.error.BadInputException;
import io.amalgam.internal.formats.files.FileNames;
import java.io.IOException;
import java.net.URI;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What a revision is and has.
 *
 * @param files by path
 */
record RepoListing(String commit, Map<String, RemoteFile> files) {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final Pattern NEXT = Pattern.compile("<([^>]+)>\\s*;\\s*rel=\"?next\"?");
    private static final int MOST_PAGES = 1000;

    /**
     * @throws BadInputException if there is no such repository or revision, or it may not be read
     * @throws IOException if the hub does not answer as hubs do
     */
    static RepoListing of(HubClient client, RepoName repo) throws IOException {
        JsonNode info = json(client, repo, about(client, repo));
        String commit = info.path("sha").asText("");
        if (!RepoName.isCommit(commit)) {
            throw noHub(client);
        }
        Map<String, RemoteFile> files = new LinkedHashMap<>();
        Optional<URI> page =
                Optional.of(
                        URI.create(
                                client.address("api/models", repo.id(), "tree", commit)
                                        + "?recursive=true"));
        for (int pages = 0; page.isPresent() && pages < MOST_PAGES; pages++) {
            HubAnswer answer = client.get(page.get());
            for (JsonNode entry : json(client, repo, answer)) {
                add(entry, files);
            }
            page = next(answer);
        }
        return new RepoListing(commit, files);
    }

    /** What the hub says of a revision. */
    static HubAnswer about(HubClient client, RepoName repo) throws IOException {
        return client.get(
                URI.create(
                        client.address("api/models", repo.id(), "revision")
                                + "/"
                                + HubClient.encoded(repo.revision())));
    }

    /** Whether only those see a repository who were let in. */
    static boolean isHidden(HubClient client, RepoName repo) throws IOException {
        return json(client, repo, about(client, repo)).path("private").asBoolean(false);
    }

    private static void add(JsonNode entry, Map<String, RemoteFile> files) {
        String path = entry.path("path").asText("");
        if (!entry.path("type").asText("").equals("file") || !FileNames.isInside(path)) {
            return;
        }
        JsonNode large = entry.path("lfs");
        boolean apart = large.isObject();
        String etag = (apart ? large : entry).path("oid").asText("");
        long size = (apart ? large : entry).path("size").asLong(-1);
        if (size >= 0 && etag.matches("[0-9a-f]{40}|[0-9a-f]{64}")) {
            files.put(path, new RemoteFile(path, size, etag, apart));
        }
    }

    private static Optional<URI> next(HubAnswer answer) throws IOException {
        for (String link : answer.headers().allValues("Link")) {
            Matcher next = NEXT.matcher(link);
            if (next.find()) {
                return Optional.of(HubClient.redirected(answer.from(), next.group(1)));
            }
        }
        return Optional.empty();
    }

    private static JsonNode json(HubClient client, RepoName repo, HubAnswer answer)
            throws IOException {
        if (!answer.isGood()) {
            throw new BadInputException(HubProblems.of(repo, answer, "", client.settings()));
        }
        try {
            return JSON.readTree(answer.body());
        } catch (IOException e) {
            throw noHub(client);
        }
    }

    private static IOException noHub(HubClient client) {
        return new IOException(
                "'"
                        + client.settings().endpoint()
                        + "' does not answer as a model hub; check HF_ENDPOINT and the proxy");
    }
}
