package io.amalgam.internal.formats.hub;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.sun.net.httpserver.HttpExchange;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;

/** The parts of the hub's interface that a push needs: repositories, large objects, commits. */
final class FakePush {
    private static final ObjectMapper JSON = new ObjectMapper();

    private final FakeHub hub;
    private final Map<String, Map<Integer, byte[]>> parts = new ConcurrentHashMap<>();

    /** Large files by their sha256. */
    final Map<String, byte[]> objects = new ConcurrentHashMap<>();

    /** Longer files come in parts of this size. */
    volatile int partSize = 1 << 20;

    /** A part that is not taken. */
    volatile int refused;

    /** What has to come before that. */
    volatile BooleanSupplier before = () -> true;

    /** Uploads in parts that the storage does not know any more, by number. */
    final Set<Integer> forgotten = ConcurrentHashMap.newKeySet();

    /** Every answer that asks for an upload begins another one. */
    final AtomicInteger uploads = new AtomicInteger();

    /** Whether repositories are public whatever is asked for. */
    volatile boolean ignoresVisibility;

    final Set<String> hidden = ConcurrentHashMap.newKeySet();
    final List<String> messages = new ArrayList<>();

    FakePush(FakeHub hub) {
        this.hub = hub;
    }

    /** A part or a whole object, at a signed address. */
    void store(HttpExchange exchange, String path) throws IOException {
        byte[] body = exchange.getRequestBody().readAllBytes();
        String[] words = path.split("/");
        String oid = words[2];
        int upload =
                Integer.parseInt(exchange.getRequestURI().getQuery().replaceFirst(".*upload=", ""));
        String key = oid + "/" + upload;
        boolean isRefused = words.length > 3 && Integer.parseInt(words[3]) == refused;
        long end = System.nanoTime() + 5_000_000_000L;
        while (isRefused && !before.getAsBoolean() && System.nanoTime() < end) {
            Thread.yield();
        }
        if (isRefused || forgotten.contains(upload)) {
            exchange.sendResponseHeaders(isRefused ? 405 : 404, -1);
            return;
        }
        if (exchange.getRequestMethod().equals("POST")) {
            ByteArrayOutputStream all = new ByteArrayOutputStream();
            for (JsonNode part : JSON.readTree(body).path("parts")) {
                byte[] content = parts.get(key).get(part.path("partNumber").asInt());
                boolean right = ("\"" + content.length + "\"").equals(part.path("etag").asText());
                all.write(right ? content : new byte[0]);
            }
            keep(exchange, oid, all.toByteArray());
        } else if (words.length > 3) {
            parts.computeIfAbsent(key, o -> new ConcurrentSkipListMap<>())
                    .put(Integer.parseInt(words[3]), body);
            exchange.getResponseHeaders().set("ETag", "\"" + body.length + "\"");
            exchange.sendResponseHeaders(200, -1);
        } else {
            keep(exchange, oid, body);
        }
    }

    private void keep(HttpExchange exchange, String oid, byte[] content) throws IOException {
        boolean right = FakeHub.etag("x.bin", content).equals(oid);
        if (right) {
            objects.put(oid, content);
        }
        exchange.sendResponseHeaders(right ? 200 : 422, -1);
    }

    void create(HttpExchange exchange) throws IOException {
        JsonNode body = JSON.readTree(exchange.getRequestBody().readAllBytes());
        String name = body.path("organization").asText() + "/" + body.path("name").asText();
        if (hub.isThere(name)) {
            exchange.sendResponseHeaders(409, -1);
            return;
        }
        hub.file(name, "main", ".gitattributes", "*.bin".getBytes(StandardCharsets.UTF_8));
        if (body.path("visibility").asText().equals("private") && !ignoresVisibility) {
            hidden.add(name);
        }
        FakeHub.send(exchange, "{\"url\": \"" + hub.address() + "/" + name + "\"}");
    }

    /** {@code .git/info/lfs/objects/batch}. */
    void batch(HttpExchange exchange, String repository) throws IOException {
        JsonNode body = JSON.readTree(exchange.getRequestBody().readAllBytes());
        ObjectNode answer = JSON.createObjectNode().put("transfer", "basic");
        ArrayNode list = answer.putArray("objects");
        for (JsonNode object : body.path("objects")) {
            String oid = object.path("oid").asText();
            int size = object.path("size").asInt();
            ObjectNode entry = list.addObject().put("oid", oid).put("size", size);
            if (objects.containsKey(oid)) {
                continue;
            }
            String signed = "?signature=x&upload=" + uploads.incrementAndGet();
            String store = "http://localhost:%d/store/%s".formatted(hub.address().getPort(), oid);
            ObjectNode actions = entry.putObject("actions");
            ObjectNode upload = actions.putObject("upload").put("href", store + signed);
            if (size > partSize) {
                ObjectNode header = upload.putObject("header");
                header.put("chunk_size", String.valueOf(partSize));
                for (int i = 0; i * partSize < size; i++) {
                    header.put("%05d".formatted(i + 1), store + "/" + (i + 1) + signed);
                }
            }
            actions.putObject("verify")
                    .put("href", hub.address() + "/" + repository + ".git/info/lfs/verify");
        }
        FakeHub.send(exchange, answer.toString());
    }

    void verify(HttpExchange exchange) throws IOException {
        JsonNode body = JSON.readTree(exchange.getRequestBody().readAllBytes());
        byte[] content = objects.get(body.path("oid").asText());
        boolean right = content != null && content.length == body.path("size").asInt();
        exchange.sendResponseHeaders(right ? 200 : 404, -1);
    }

    void preupload(HttpExchange exchange) throws IOException {
        JsonNode body = JSON.readTree(exchange.getRequestBody().readAllBytes());
        ObjectNode answer = JSON.createObjectNode();
        ArrayNode files = answer.putArray("files");
        for (JsonNode file : body.path("files")) {
            String path = file.path("path").asText();
            files.addObject()
                    .put("path", path)
                    .put("uploadMode", FakeHub.isLarge(path) ? "lfs" : "regular")
                    .put("shouldIgnore", false);
        }
        FakeHub.send(exchange, answer.toString());
    }

    void branch(HttpExchange exchange, String repository, String branch) throws IOException {
        exchange.getRequestBody().readAllBytes();
        hub.files(repository, "main").forEach((path, c) -> hub.file(repository, branch, path, c));
        FakeHub.send(exchange, "{}");
    }

    void commit(HttpExchange exchange, String repository, String branch) throws IOException {
        String text = new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8);
        Map<String, byte[]> files = hub.files(repository, branch);
        for (String line : text.split("\n")) {
            JsonNode value = JSON.readTree(line).path("value");
            String path = value.path("path").asText();
            switch (JSON.readTree(line).path("key").asText()) {
                case "header" -> {
                    String parent = value.path("parentCommit").asText();
                    if (!parent.equals(hub.commit(repository, branch))) {
                        exchange.sendResponseHeaders(412, -1);
                        return;
                    }
                    messages.add(value.path("summary").asText());
                }
                case "file" ->
                        files.put(path, Base64.getDecoder().decode(value.path("content").asText()));
                case "lfsFile" -> files.put(path, objects.get(value.path("oid").asText()));
                case "deletedFile" -> files.remove(path);
                default -> throw new IOException(line);
            }
        }
        FakeHub.send(
                exchange,
                "{\"success\": true, \"commitOid\": \"%s\"}"
                        .formatted(hub.commit(repository, branch)));
    }
}
