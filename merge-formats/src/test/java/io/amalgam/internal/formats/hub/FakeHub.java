package io.amalgam.internal.formats.hub;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.Closeable;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Collections;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.WeakHashMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * The parts of the Hugging Face Hub's interface that a download needs, on this machine, with
 * faults. Large files are redirected to another host, as the hub does.
 */
final class FakeHub implements Closeable {
    static final String TOKEN = "hf_secret";

    /** By the arrays themselves, not their contents: every request asks for them again. */
    private static final Map<byte[], String> HASHES =
            Collections.synchronizedMap(new WeakHashMap<>());

    private static final Map<byte[], String> BLOBS =
            Collections.synchronizedMap(new WeakHashMap<>());

    /** What goes wrong: every Nth time of its kind. */
    enum Fault {
        /** A body of a large file is cut half-way. */
        DROP,
        /** A request is answered with 503. */
        BUSY,
        /** A request is answered with 429. */
        LIMIT,
        /** Ranges are not answered. */
        NO_RANGE,
        /** A byte of a large body is wrong. */
        CORRUPT,
        /** A signed address has expired. */
        EXPIRED,
        /** Names with capitals are moved to small letters. */
        MOVED
    }

    private final HttpServer server;
    private final ExecutorService threads = Executors.newCachedThreadPool();
    private final Map<String, Map<String, byte[]>> repositories = new ConcurrentSkipListMap<>();
    final FakePush push = new FakePush(this);
    private final Map<Fault, Integer> faults = new ConcurrentHashMap<>();
    private final Map<Fault, AtomicInteger> counts = new ConcurrentHashMap<>();
    private final Set<String> gated = ConcurrentHashMap.newKeySet();
    private final Set<String> hidden = ConcurrentHashMap.newKeySet();

    /** Method, path, range and whether there was a token, of every request. */
    final List<String> requests = new CopyOnWriteArrayList<>();

    private FakeHub() throws IOException {
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.createContext("/", this::answer);
        server.setExecutor(threads);
    }

    static FakeHub start() throws IOException {
        FakeHub hub = new FakeHub();
        hub.server.start();
        return hub;
    }

    URI address() {
        return URI.create("http://127.0.0.1:" + server.getAddress().getPort());
    }

    FakeHub fault(Fault fault, int every) {
        faults.put(fault, every);
        return this;
    }

    /** A file of a repository's branch. */
    FakeHub file(String repository, String branch, String path, byte[] content) {
        repositories
                .computeIfAbsent(repository + " " + branch, r -> new ConcurrentSkipListMap<>())
                .put(path, content);
        return this;
    }

    FakeHub gated(String repository) {
        gated.add(repository);
        return this;
    }

    FakeHub hidden(String repository) {
        hidden.add(repository);
        return this;
    }

    private boolean happens(Fault fault) {
        Integer every = faults.get(fault);
        return every != null
                && counts.computeIfAbsent(fault, f -> new AtomicInteger()).incrementAndGet() % every
                        == 0;
    }

    String commit(String repository, String branch) {
        StringBuilder text = new StringBuilder();
        repositories
                .get(repository + " " + branch)
                .forEach((path, content) -> text.append(path).append(etag(path, content)));
        return hash("SHA-1", text.toString().getBytes(StandardCharsets.UTF_8));
    }

    static boolean isLarge(String path) {
        return path.matches(".*\\.(safetensors|bin)|tokenizer\\.json");
    }

    static String etag(String path, byte[] content) {
        return isLarge(path)
                ? HASHES.computeIfAbsent(content, bytes -> hash("SHA-256", bytes))
                : git(content);
    }

    private static String git(byte[] content) {
        return BLOBS.computeIfAbsent(content, FakeHub::blob);
    }

    private static String blob(byte[] content) {
        byte[] head = ("blob " + content.length + "\0").getBytes(StandardCharsets.US_ASCII);
        byte[] all = java.util.Arrays.copyOf(head, head.length + content.length);
        System.arraycopy(content, 0, all, head.length, content.length);
        return hash("SHA-1", all);
    }

    private static String hash(String algorithm, byte[] bytes) {
        try {
            return HexFormat.of().formatHex(MessageDigest.getInstance(algorithm).digest(bytes));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }

    private void answer(HttpExchange exchange) throws IOException {
        try (exchange) {
            String token = exchange.getRequestHeaders().getFirst("Authorization");
            String range = exchange.getRequestHeaders().getFirst("Range");
            String path = exchange.getRequestURI().getRawPath();
            requests.add(
                    exchange.getRequestMethod()
                            + " "
                            + path
                            + " "
                            + range
                            + (token == null ? "" : " token"));
            if (path.startsWith("/store/")) {
                if (token != null) {
                    fail(exchange, 400, "");
                } else if (happens(Fault.EXPIRED)) {
                    fail(exchange, 403, "");
                } else if (!happens(Fault.DROP)) {
                    push.store(exchange, path);
                }
            } else if (path.startsWith("/cdn/")) {
                stored(exchange, path, token);
            } else {
                hub(exchange, path, token);
            }
        }
    }

    private void hub(HttpExchange exchange, String path, String token) throws IOException {
        if (happens(Fault.BUSY) || happens(Fault.LIMIT)) {
            exchange.getResponseHeaders().set("Retry-After", "0");
            fail(exchange, faults.containsKey(Fault.BUSY) ? 503 : 429, "");
            return;
        }
        if (exchange.getRequestMethod().equals("POST")) {
            pushed(exchange, path, token);
            return;
        }
        boolean api = path.startsWith("/api/models/");
        String[] parts = path.substring(api ? 12 : 1).split("/", 4);
        String repository = parts[0] + "/" + (parts.length > 1 ? parts[1] : "");
        if (faults.containsKey(Fault.MOVED) && !repository.equals(repository.toLowerCase())) {
            exchange.getResponseHeaders()
                    .set("Location", path.replace(repository, repository.toLowerCase()));
            exchange.sendResponseHeaders(307, -1);
            return;
        }
        boolean allowed = ("Bearer " + TOKEN).equals(token);
        if (token != null && !allowed) {
            fail(exchange, 401, "");
        } else if (!isThere(repository) || hidden.contains(repository) && !allowed) {
            fail(exchange, allowed ? 404 : 401, "RepoNotFound");
        } else if (api) {
            String rest = parts.length > 3 ? parts[3] : "";
            about(exchange, repository, parts[2], decoded(rest));
        } else if (gated.contains(repository) && !allowed) {
            fail(exchange, token == null ? 401 : 403, "GatedRepo");
        } else {
            String[] rest = parts[3].split("/", 2);
            file(exchange, repository, decoded(rest[0]), decoded(rest[1]));
        }
    }

    private void pushed(HttpExchange exchange, String path, String token) throws IOException {
        if (!("Bearer " + TOKEN).equals(token)) {
            fail(exchange, 401, "");
        } else if (path.equals("/api/repos/create")) {
            push.create(exchange);
        } else if (path.endsWith(".git/info/lfs/objects/batch")) {
            push.batch(exchange, path.substring(1, path.indexOf(".git/")));
        } else if (path.endsWith(".git/info/lfs/verify")) {
            push.verify(exchange);
        } else {
            String[] parts = path.substring(12).split("/", 4);
            String repository = parts[0] + "/" + parts[1];
            String branch = decoded(parts[3]);
            switch (parts[2]) {
                case "preupload" -> push.preupload(exchange);
                case "branch" -> push.branch(exchange, repository, branch);
                case "commit" -> push.commit(exchange, repository, branch);
                default -> fail(exchange, 404, "");
            }
        }
    }

    /** The files of a branch, to be changed. */
    Map<String, byte[]> files(String repository, String branch) {
        return repositories.get(repository + " " + branch);
    }

    private static String decoded(String text) {
        return URLDecoder.decode(text, StandardCharsets.UTF_8);
    }

    boolean isThere(String repository) {
        return repositories.keySet().stream().anyMatch(r -> r.startsWith(repository + " "));
    }

    /** The branch that a revision is; empty if there is none. */
    private String branch(String repository, String revision) {
        for (String key : repositories.keySet()) {
            if (key.startsWith(repository + " ")) {
                String branch = key.substring(repository.length() + 1);
                if (revision.equals(branch) || revision.equals(commit(repository, branch))) {
                    return branch;
                }
            }
        }
        return "";
    }

    private void about(HttpExchange exchange, String repository, String what, String revision)
            throws IOException {
        String branch = branch(repository, revision);
        if (branch.isEmpty()) {
            fail(exchange, 404, "RevisionNotFound");
            return;
        }
        if (what.equals("revision")) {
            send(
                    exchange,
                    "{\"sha\": \"%s\", \"private\": %s}"
                            .formatted(
                                    commit(repository, branch), push.hidden.contains(repository)));
            return;
        }
        // Two files a page, so that there are pages.
        Map<String, byte[]> files = new TreeMap<>(repositories.get(repository + " " + branch));
        String query = String.valueOf(exchange.getRequestURI().getQuery());
        int page = query.contains("cursor=") ? Integer.parseInt(query.replaceAll(".*=", "")) : 0;
        if (page + 2 < files.size()) {
            exchange.getResponseHeaders()
                    .set(
                            "Link",
                            "<"
                                    + address()
                                    + exchange.getRequestURI().getPath()
                                    + "?recursive=true&cursor="
                                    + (page + 2)
                                    + ">; rel=\"next\"");
        }
        StringBuilder list = new StringBuilder();
        files.entrySet().stream()
                .skip(page)
                .limit(2)
                .forEach(e -> list.append(list.length() == 0 ? "" : ",").append(entry(e)));
        send(exchange, "[" + list + "]");
    }

    private static String entry(Map.Entry<String, byte[]> file) {
        String path = file.getKey();
        byte[] content = file.getValue();
        return "{\"type\": \"file\", \"path\": \"%s\", \"size\": %d, \"oid\": \"%s\"%s}"
                .formatted(
                        path,
                        content.length,
                        git(content),
                        isLarge(path)
                                ? ", \"lfs\": {\"oid\": \"%s\", \"size\": %d}"
                                        .formatted(etag(path, content), content.length)
                                : "");
    }

    private void file(HttpExchange exchange, String repository, String revision, String path)
            throws IOException {
        String branch = branch(repository, revision);
        byte[] content =
                branch.isEmpty() ? null : repositories.get(repository + " " + branch).get(path);
        if (content == null) {
            fail(exchange, 404, branch.isEmpty() ? "RevisionNotFound" : "EntryNotFound");
        } else if (isLarge(path)) {
            // By another name this machine is another host.
            exchange.getResponseHeaders()
                    .set(
                            "Location",
                            "http://localhost:%d/cdn/%s/%s/%s?signature=x"
                                    .formatted(
                                            address().getPort(),
                                            repository,
                                            commit(repository, branch),
                                            path));
            exchange.sendResponseHeaders(302, -1);
        } else {
            body(exchange, content, false);
        }
    }

    private void stored(HttpExchange exchange, String path, String token) throws IOException {
        if (token != null) {
            fail(exchange, 400, "");
            return;
        }
        if (happens(Fault.EXPIRED)) {
            fail(exchange, 403, "");
            return;
        }
        String[] parts = decoded(path).substring(5).split("/", 4);
        String repository = parts[0] + "/" + parts[1];
        String branch = branch(repository, parts[2]);
        body(exchange, repositories.get(repository + " " + branch).get(parts[3]), true);
    }

    private void body(HttpExchange exchange, byte[] content, boolean large) throws IOException {
        String range = exchange.getRequestHeaders().getFirst("Range");
        int from = 0;
        int to = content.length;
        boolean partial = range != null && !faults.containsKey(Fault.NO_RANGE);
        if (partial) {
            String[] ends = range.substring(6).split("-", 2);
            from = Integer.parseInt(ends[0]);
            to = ends[1].isEmpty() ? to : Math.min(to, Integer.parseInt(ends[1]) + 1);
            exchange.getResponseHeaders()
                    .set("Content-Range", "bytes " + from + "-" + (to - 1) + "/" + content.length);
        }
        byte[] sent = java.util.Arrays.copyOfRange(content, from, to);
        if (large && sent.length > 100 && happens(Fault.CORRUPT)) {
            sent[50] ^= 1;
        }
        boolean cut = large && sent.length > 100 && happens(Fault.DROP);
        exchange.sendResponseHeaders(partial ? 206 : 200, sent.length == 0 ? -1 : sent.length);
        if (sent.length > 0) {
            OutputStream out = exchange.getResponseBody();
            out.write(sent, 0, cut ? sent.length / 2 : sent.length);
            out.flush();
        }
    }

    private static void fail(HttpExchange exchange, int status, String code) throws IOException {
        if (!code.isEmpty()) {
            exchange.getResponseHeaders().set("X-Error-Code", code);
        }
        exchange.sendResponseHeaders(status, -1);
    }

    static void send(HttpExchange exchange, String json) throws IOException {
        byte[] bytes = json.getBytes(StandardCharsets.UTF_8);
        exchange.sendResponseHeaders(200, bytes.length);
        exchange.getResponseBody().write(bytes);
    }

    @Override
    public void close() {
        server.stop(0);
        threads.shutdownNow();
    }
}
