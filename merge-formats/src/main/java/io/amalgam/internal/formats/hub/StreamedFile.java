package io.amalgam.internal.formats.hub;

import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicIntegerArray;

/**
 * A weights file of a commit whose bytes are fetched when they are read.
 *
 * <p>A range has no hash of its own. What can be known of it: its place and the length of the whole
 * file, as the answer says; that a range fetched again is what it was; and the checksum of a whole
 * tensor, if the format has some.
 */
final class StreamedFile {
    private final RepoName repo;
    private final RemoteFile file;
    private final Path placeholder;
    private final FileAddress address;
    private final Pieces pieces;
    private final NavigableMap<Long, byte[]> known;
    private final AtomicIntegerArray checksums;
    private final EntryChecks checks;

    /**
     * @param placeholder has what is before the first piece
     * @param own where the file is at the endpoint
     */
    StreamedFile(RepoName repo, RemoteFile file, Path placeholder, URI own, Pieces pieces) {
        this(repo, file, placeholder, own, pieces, new TreeMap<>(), EntryChecks.none());
    }

    /**
     * @param known runs of bytes that are not fetched, by where they begin
     * @param checks of what is fetched
     */
    StreamedFile(
            RepoName repo,
            RemoteFile file,
            Path placeholder,
            URI own,
            Pieces pieces,
            NavigableMap<Long, byte[]> known,
            EntryChecks checks) {
        this.known = known;
        this.checks = checks;
        this.repo = repo;
        this.file = file;
        this.placeholder = placeholder;
        this.address = new FileAddress(own);
        this.pieces = pieces;
        this.checksums = new AtomicIntegerArray(pieces.count());
    }

    RepoName repo() {
        return repo;
    }

    RemoteFile file() {
        return file;
    }

    Path placeholder() {
        return placeholder;
    }

    Pieces pieces() {
        return pieces;
    }

    /** Puts what is known of the bytes from a position on; how many those are. */
    int known(long at, ByteBuffer into) {
        Map.Entry<Long, byte[]> part = known.floorEntry(at);
        if (part == null) {
            return 0;
        }
        long from = at - part.getKey();
        int count = (int) Math.min(into.remaining(), part.getValue().length - from);
        if (count <= 0) {
            return 0;
        }
        into.put(part.getValue(), (int) from, count);
        return count;
    }

    EntryChecks checks() {
        return checks;
    }

    FileAddress address() {
        return address;
    }

    /**
     * Whether a piece is what it was when it was first fetched.
     *
     * @param checksum of this time
     */
    boolean isSame(int piece, int checksum) {
        int told = checksum == 0 ? 1 : checksum; // Zero stands for none.
        int before = checksums.compareAndExchange(piece, 0, told);
        return before == 0 || before == told;
    }
}
