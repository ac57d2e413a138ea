package io.amalgam.internal.formats.hub;

import io.amalgam.internal.io.FileWrites;
import java.io.Closeable;
import java.io.IOException;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/**
 * A file of the cache while it is fetched: its contents so far, and a list of the pieces that are
 * whole, so that another run continues. Both end in {@code .incomplete}, as the Python client's do.
 */
final class DownloadedFile implements Closeable {
    /** A kill costs at most this much for each range under way. */
    static final long PIECE = 16L << 20;

    private final RemoteFile file;
    private final Path blob;
    private final Path partial;
    private final Path list;
    private final FileChannel channel;
    private final FileChannel lock;
    private final Deque<Piece> waiting = new ArrayDeque<>();
    private final List<Piece> unfinished = new ArrayList<>();
    private int restarts;
    private final FileAddress address;

    private DownloadedFile(RemoteFile file, RepoCache cache, URI own, FileChannel lock)
            throws IOException {
        this.file = file;
        this.address = new FileAddress(own);
        this.lock = lock;
        this.blob = cache.blob(file.etag());
        this.partial = partial(cache, file);
        this.list = list(cache, file);
        this.channel =
                FileChannel.open(
                        partial,
                        StandardOpenOption.CREATE,
                        StandardOpenOption.READ,
                        StandardOpenOption.WRITE);
        divide(wholePieces(cache, file));
    }

    /**
     * Takes a file's lock and begins it.
     *
     * @param own where it is at the endpoint
     * @return empty while another process fetches it
     */
    static Optional<DownloadedFile> begin(RemoteFile file, RepoCache cache, URI own)
            throws IOException {
        FileChannel channel =
                FileChannel.open(
                        cache.lock(file.etag()),
                        StandardOpenOption.CREATE,
                        StandardOpenOption.WRITE);
        try {
            FileLock lock = channel.tryLock();
            if (lock == null) {
                channel.close();
                return Optional.empty();
            }
        } catch (OverlappingFileLockException e) {
            channel.close();
            return Optional.empty();
        } catch (IOException e) {
            // A file system without locks: the file may be fetched twice, and is right all the
            // same.
        }
        try {
            return Optional.of(new DownloadedFile(file, cache, own, channel));
        } catch (IOException | RuntimeException e) {
            channel.close();
            throw e;
        }
    }

    private static Path partial(RepoCache cache, RemoteFile file) {
        return cache.blob(file.etag() + ".amalgam.incomplete");
    }

    private static Path list(RepoCache cache, RemoteFile file) {
        return cache.blob(file.etag() + ".pieces.incomplete");
    }

    /** Bytes that an earlier run left. */
    static long keptBytes(RepoCache cache, RemoteFile file) throws IOException {
        return wholePieces(cache, file).stream()
                .mapToLong(i -> Math.min(PIECE, file.size() - i * PIECE))
                .sum();
    }

    private static Set<Integer> wholePieces(RepoCache cache, RemoteFile file) throws IOException {
        Set<Integer> whole = new TreeSet<>();
        Path list = list(cache, file);
        if (Files.exists(list) && Files.exists(partial(cache, file))) {
            long length = Files.size(partial(cache, file));
            for (String line :
                    Files.readString(list, StandardCharsets.ISO_8859_1).split("\n", -1)) {
                if (line.matches("\\d{1,8}")) {
                    long end = Math.min(file.size(), (Integer.parseInt(line) + 1) * PIECE);
                    if (Integer.parseInt(line) * PIECE < file.size() && end <= length) {
                        whole.add(Integer.parseInt(line));
                    }
                }
            }
        }
        return whole;
    }

    private void divide(Set<Integer> whole) {
        waiting.clear();
        unfinished.clear();
        for (int i = 0; i * PIECE < file.size(); i++) {
            if (!whole.contains(i)) {
                waiting.add(new Piece(this, i, i * PIECE, Math.min(file.size(), (i + 1) * PIECE)));
            }
        }
        unfinished.addAll(waiting);
    }

    /** What is there of it. */
    long doneBytes() {
        return file.size() - unfinished.stream().mapToLong(piece -> piece.to - piece.at).sum();
    }

    /** Goes on with one piece, as where the other side gives no ranges. */
    void undivided() throws IOException {
        Files.deleteIfExists(list);
        waiting.clear();
        waiting.add(new Piece(this, 0, 0, file.size()));
        unfinished.clear();
        unfinished.addAll(waiting);
    }

    RemoteFile file() {
        return file;
    }

    long size() {
        return file.size();
    }

    /** Writes bytes that came; returns where the next go. */
    long write(ByteBuffer bytes, long at) throws IOException {
        return FileWrites.fully(partial, channel, bytes, at);
    }

    FileAddress address() {
        return address;
    }

    /** The next piece to ask for. */
    Optional<Piece> next(long now) {
        for (Piece piece : waiting) {
            if (piece.notBefore - now <= 0) {
                waiting.remove(piece);
                return Optional.of(piece);
            }
        }
        return Optional.empty();
    }

    void again(Piece piece) {
        waiting.addFirst(piece);
    }

    /** Notes a piece as whole. */
    void whole(Piece piece) throws IOException {
        unfinished.remove(piece);
        if (file.size() > PIECE && piece.to - piece.from <= PIECE) {
            FileWrites.bytes(
                    list,
                    (piece.index + "\n").getBytes(StandardCharsets.US_ASCII),
                    StandardOpenOption.CREATE,
                    StandardOpenOption.APPEND);
        }
    }

    boolean isComplete() {
        return unfinished.isEmpty();
    }

    /**
     * Compares what came with what was promised, and puts it in its place.
     *
     * @return empty if it is right, else the hash it has
     */
    Optional<String> finish() throws IOException {
        String hash = hash();
        if (!hash.equals(file.etag()) || channel.size() != file.size()) {
            return Optional.of(hash);
        }
        FileWrites.force(partial, channel);
        channel.close();
        FileWrites.moveOver(partial, blob);
        Files.deleteIfExists(list);
        return Optional.empty();
    }

    /**
     * Begins anew, in one piece: what puts ranges together wrongly, or damages one of many, is
     * avoided. How often that was done.
     */
    int restart() throws IOException {
        channel.truncate(0);
        undivided();
        return ++restarts;
    }

    private String hash() throws IOException {
        return FileHash.of(channel, file.large(), file.size(), bytes -> {});
    }

    @Override
    public void close() throws IOException {
        try (lock) {
            channel.close();
        }
    }
}
