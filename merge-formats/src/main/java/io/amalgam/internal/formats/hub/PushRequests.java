package io.amalgam.internal.formats.hub;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.amalgam.error.BadInputException;
import java.io.IOException;
import java.io.OutputStream;
import java.net.URI;
import java.net.http.HttpRequest.BodyPublishers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** The requests of a push, and their JSON. */
final class PushRequests {
    private static final ObjectMapper MAPPER = new ObjectMapper();
    private static final String JSON = "application/json";
    private static final String LFS = "application/vnd.git-lfs+json";
    private static final int FILES_AT_ONCE = 256;
    private static final int OBJECTS_AT_ONCE = 100;

    private final HubClient client;
    private final RepoName repo;

    PushRequests(HubClient client, RepoName repo) {
        this.client = client;
        this.repo = repo;
    }

    /** Creates the repository, unless it exists. */
    void create(boolean hidden) throws IOException {
        int slash = repo.id().indexOf('/');
        ObjectNode body =
                MAPPER.createObjectNode()
                        .put("name", repo.id().substring(slash + 1))
                        .put("organization", repo.id().substring(0, slash))
                        .put("visibility", hidden ? "private" : "public");
        HubAnswer answer = post(client.address("api/repos/create"), JSON, body);
        if (answer.status() != 409) {
            good(answer);
        }
    }

    /** Makes the branch, from the main one. */
    void branch() throws IOException {
        good(post(revision("branch"), JSON, MAPPER.createObjectNode()));
    }

    /**
     * Which of these files the hub keeps as large ones.
     *
     * @return their paths, without those that are to be left out
     */
    Set<String> large(List<LocalFile> files) throws IOException {
        Set<String> large = new HashSet<>();
        for (int from = 0; from < files.size(); from += FILES_AT_ONCE) {
            ObjectNode body = MAPPER.createObjectNode();
            ArrayNode list = body.putArray("files");
            for (LocalFile file :
                    files.subList(from, Math.min(files.size(), from + FILES_AT_ONCE))) {
                list.addObject()
                        .put("path", file.path())
                        .put("sample", Base64.getEncoder().encodeToString(file.sample()))
                        .put("size", file.size());
            }
            for (JsonNode file : json(post(revision("preupload"), JSON, body)).path("files")) {
                if (file.path("uploadMode").asText().equals("lfs")) {
                    large.add(file.path("path").asText());
                }
            }
        }
        files.stream().filter(f -> f.size() == 0).forEach(f -> large.remove(f.path()));
        return large;
    }

    /**
     * How large files are uploaded that the hub does not have.
     *
     * @param oids by file
     * @throws BadInputException if the hub does not want one
     */
    List<LargeUpload> uploads(Map<LocalFile, String> oids) throws IOException {
        List<LargeUpload> uploads = new ArrayList<>();
        Map<String, LocalFile> files = new HashMap<>();
        oids.forEach((file, oid) -> files.putIfAbsent(oid, file));
        List<String> all = List.copyOf(files.keySet());
        for (int from = 0; from < all.size(); from += OBJECTS_AT_ONCE) {
            ObjectNode body =
                    MAPPER.createObjectNode().put("operation", "upload").put("hash_algo", "sha256");
            body.putArray("transfers").add("basic").add("multipart");
            body.putObject("ref").put("name", repo.revision());
            ArrayNode objects = body.putArray("objects");
            for (String oid : all.subList(from, Math.min(all.size(), from + OBJECTS_AT_ONCE))) {
                long size = java.util.Objects.requireNonNull(files.get(oid)).size();
                objects.addObject().put("oid", oid).put("size", size);
            }
            URI batch = client.address(repo.id() + ".git", "info/lfs/objects/batch");
            for (JsonNode object : json(post(batch, LFS, body)).path("objects")) {
                LocalFile file = files.get(object.path("oid").asText());
                if (file == null) {
                    continue;
                }
                if (object.path("error").isObject()) {
                    String reason = object.path("error").path("message").asText("no reason");
                    throw new BadInputException(HubProblems.refused(repo, file.path(), reason));
                }
                LargeUpload.of(file, object.path("oid").asText(), object).ifPresent(uploads::add);
            }
        }
        return uploads;
    }

    /**
     * Says that all parts of a file are there; signed addresses get no token.
     *
     * @return false if the address has expired
     */
    boolean complete(LargeUpload upload) throws IOException {
        if (upload.completion().isPresent()) {
            ObjectNode body = MAPPER.createObjectNode().put("oid", upload.oid());
            ArrayNode parts = body.putArray("parts");
            for (UploadPart part : upload.parts()) {
                parts.addObject().put("partNumber", part.number).put("etag", part.etag);
            }
            byte[] bytes = MAPPER.writeValueAsBytes(body);
            HubAnswer answer =
                    client.send(
                            upload.completion().get(),
                            address ->
                                    HubClient.plain(address)
                                            .timeout(HubClient.LONG)
                                            .header("Content-Type", LFS)
                                            .header("Accept", LFS)
                                            .POST(BodyPublishers.ofByteArray(bytes)));
            boolean gone = upload.isContinued() && answer.status() / 100 == 4;
            if (answer.status() == 403 || gone) {
                return false;
            }
            good(answer);
        }
        if (upload.verification().isPresent()) {
            ObjectNode body =
                    MAPPER.createObjectNode()
                            .put("oid", upload.oid())
                            .put("size", upload.file().size());
            good(post(upload.verification().get(), LFS, body));
        }
        return true;
    }

    /**
     * Makes the commit.
     *
     * @param parent what the branch is now: if it is something else by then, nothing is changed
     * @param small files whose contents are sent with it
     * @param large those that are there, by their sha256
     * @return the new commit
     */
    String commit(
            String message,
            String parent,
            List<LocalFile> small,
            Map<LocalFile, String> large,
            Collection<String> removed)
            throws IOException {
        Path body = Files.createTempFile("amalgam-commit-", ".ndjson");
        try {
            try (OutputStream out = Files.newOutputStream(body)) {
                ObjectNode header = MAPPER.createObjectNode();
                header.put("summary", message).put("description", "").put("parentCommit", parent);
                line(out, "header", header);
                for (LocalFile file : small) {
                    String text =
                            Base64.getEncoder().encodeToString(Files.readAllBytes(file.file()));
                    ObjectNode value = MAPPER.createObjectNode().put("content", text);
                    line(out, "file", value.put("path", file.path()).put("encoding", "base64"));
                }
                for (Map.Entry<LocalFile, String> file : large.entrySet()) {
                    ObjectNode value = MAPPER.createObjectNode().put("path", file.getKey().path());
                    value.put("algo", "sha256").put("oid", file.getValue());
                    line(out, "lfsFile", value.put("size", file.getKey().size()));
                }
                for (String path : removed) {
                    line(out, "deletedFile", MAPPER.createObjectNode().put("path", path));
                }
            }
            HubAnswer answer = sent(body);
            if (answer.status() == 412) {
                throw new BadInputException(HubProblems.moved(repo, client.settings()));
            }
            return json(answer).path("commitOid").asText("");
        } finally {
            Files.deleteIfExists(body);
        }
    }

    private HubAnswer sent(Path body) throws IOException {
        return client.send(
                revision("commit"),
                address -> {
                    try {
                        return client.request(address)
                                .timeout(HubClient.LONG)
                                .header("Content-Type", "application/x-ndjson")
                                .POST(BodyPublishers.ofFile(body));
                    } catch (IOException e) {
                        throw new java.io.UncheckedIOException(e);
                    }
                });
    }

    private static void line(OutputStream out, String key, ObjectNode value) throws IOException {
        ObjectNode line = MAPPER.createObjectNode().put("key", key).set("value", value);
        out.write((line + "\n").getBytes(StandardCharsets.UTF_8));
    }

    private URI revision(String what) {
        return URI.create(
                client.address("api/models", repo.id(), what)
                        + "/"
                        + HubClient.encoded(repo.revision()));
    }

    private HubAnswer post(URI address, String type, JsonNode body) throws IOException {
        byte[] bytes = MAPPER.writeValueAsBytes(body);
        return client.send(
                address,
                to ->
                        client.request(to)
                                .timeout(HubClient.LONG)
                                .header("Content-Type", type)
                                .header("Accept", type)
                                .POST(BodyPublishers.ofByteArray(bytes)));
    }

    private HubAnswer good(HubAnswer answer) {
        if (!answer.isGood()) {
            throw new BadInputException(
                    HubProblems.ofPush(repo, answer, client.settings(), said(answer)));
        }
        return answer;
    }

    /** What the hub says of a request it does not do; no one else's words are longer. */
    private static String said(HubAnswer answer) {
        Optional<String> header = answer.headers().firstValue("X-Error-Message");
        String text = header.orElse("");
        try {
            text =
                    header.isPresent()
                            ? text
                            : MAPPER.readTree(answer.body()).path("error").asText();
        } catch (IOException e) {
            // A page for people.
        }
        return text.length() > 200 ? text.substring(0, 200) : text;
    }

    private JsonNode json(HubAnswer answer) throws IOException {
        try {
            return MAPPER.readTree(good(answer).body());
        } catch (com.fasterxml.jackson.core.JacksonException e) {
            throw new IOException("the hub's answer is no JSON", e);
        }
    }
}
