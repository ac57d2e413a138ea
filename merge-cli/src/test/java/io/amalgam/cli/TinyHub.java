package io.amalgam.cli;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.Closeable;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * A hub without faults for commands: folders of this machine under names, all files kept in git.
 * What a hub does beyond that is tested beside its client.
 */
final class TinyHub implements Closeable {
    private static final String COMMIT = "b27bb4cc0ee5450a326a46e79ffde9c5a54c5f4e";

    private final HttpServer server;
    private final ExecutorService threads = Executors.newCachedThreadPool();
    private final Map<String, Path> models = new ConcurrentHashMap<>();

    private long said = -1;

    /** Method, path and range of every request. */
    final List<String> requests = new CopyOnWriteArrayList<>();

    TinyHub() throws IOException {
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.createContext("/", this::answer);
        server.setExecutor(threads);
        server.start();
    }

    /** Where the hub is, and where its models are kept. */
    Map<String, String> environment(Path home) {
        return Map.of(
                "HF_ENDPOINT",
                "http://127.0.0.1:" + server.getAddress().getPort(),
                "HF_HOME",
                home.toString());
    }

    /** A model under a name, whatever revision is asked for. */
    TinyHub model(String name, Path folder) {
        models.put(name, folder);
        return this;
    }

    /** Says of all weights that they have so many bytes. */
    TinyHub saying(long bytes) {
        said = bytes;
        return this;
    }

    private void answer(HttpExchange exchange) throws IOException {
        try (exchange) {
            String path =
                    URLDecoder.decode(
                            exchange.getRequestURI().getRawPath(), StandardCharsets.UTF_8);
            String range = String.valueOf(exchange.getRequestHeaders().getFirst("Range"));
            requests.add(exchange.getRequestMethod() + " " + path + " " + range);
            String[] parts = path.replaceFirst("^/(api/models/)?", "").split("/", 5);
            Path folder = models.get(parts[0] + "/" + parts[1]);
            if (folder == null) {
                exchange.getResponseHeaders().set("X-Error-Code", "RepoNotFound");
                exchange.sendResponseHeaders(404, -1);
            } else if (parts[2].equals("revision")) {
                send(
                        exchange,
                        200,
                        ("{\"sha\": \"" + COMMIT + "\"}").getBytes(StandardCharsets.UTF_8));
            } else if (parts[2].equals("tree")) {
                send(exchange, 200, listing(folder).getBytes(StandardCharsets.UTF_8));
            } else {
                file(exchange, folder.resolve(parts[4]), range);
            }
        }
    }

    private String listing(Path folder) throws IOException {
        try (Stream<Path> all = Files.walk(folder)) {
            return all.filter(Files::isRegularFile)
                    .sorted()
                    .map(file -> entry(folder.relativize(file).toString(), file))
                    .collect(Collectors.joining(",", "[", "]"));
        }
    }

    private String entry(String path, Path file) {
        try {
            byte[] content = Files.readAllBytes(file);
            MessageDigest digest = MessageDigest.getInstance("SHA-1");
            digest.update(("blob " + content.length + "\0").getBytes(StandardCharsets.US_ASCII));
            return "{\"type\": \"file\", \"path\": \"%s\", \"size\": %d, \"oid\": \"%s\"}"
                    .formatted(
                            path.replace('\\', '/'),
                            said >= 0 && path.endsWith(".safetensors") ? said : content.length,
                            HexFormat.of().formatHex(digest.digest(content)));
        } catch (IOException | NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }

    private static void file(HttpExchange exchange, Path file, String range) throws IOException {
        byte[] content = Files.readAllBytes(file);
        if (!range.startsWith("bytes=") || content.length == 0) {
            send(exchange, 200, content);
            return;
        }
        String[] ends = range.substring(6).split("-");
        int from = Integer.parseInt(ends[0]);
        int to = Math.min(content.length, Integer.parseInt(ends[1]) + 1);
        exchange.getResponseHeaders()
                .set("Content-Range", "bytes " + from + "-" + (to - 1) + "/" + content.length);
        send(exchange, 206, Arrays.copyOfRange(content, from, to));
    }

    private static void send(HttpExchange exchange, int status, byte[] body) throws IOException {
        exchange.sendResponseHeaders(status, body.length == 0 ? -1 : body.length);
        exchange.getResponseBody().write(body);
    }

    @Override
    public void close() {
        server.stop(0);
        threads.shutdownNow();
    }
}
