package io.amalgam.internal.formats.hub;

import io.amalgam.internal.io.AtomicFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;
import java.util.Optional;

/** What the cache has of one repository, in the layout of the Python client. */
final class RepoCache {
    private static final String TAG =
            """
            Signature: 8a477f597d28d172789f06886806bc55
            # This folder is a cache of models; see https://bford.info/cachedir/
            """;

    private final Path cache;
    private final Path folder;
    private final Path locks;

    RepoCache(Path cache, String id) {
        String name = "models--" + id.replace("/", "--");
        this.cache = cache;
        this.folder = cache.resolve(name);
        this.locks = cache.resolve(".locks").resolve(name);
    }

    /** The commit a revision was when it was last asked for. */
    Optional<String> commit(String revision) {
        if (RepoName.isCommit(revision)) {
            return Optional.of(revision);
        }
        try {
            String text = Files.readString(folder.resolve("refs").resolve(revision)).strip();
            return Optional.of(text).filter(RepoName::isCommit);
        } catch (IOException e) {
            return Optional.empty();
        }
    }

    Path snapshot(String commit) {
        return folder.resolve("snapshots").resolve(commit);
    }

    /** Where small files and headers of a commit are whose weights are not kept. */
    Path headers(String commit) {
        return folder.resolve(".amalgam").resolve(commit);
    }

    Path blob(String etag) {
        return folder.resolve("blobs").resolve(etag);
    }

    Path lock(String etag) {
        return locks.resolve(etag + ".lock");
    }

    Path cache() {
        return cache;
    }

    /** Whether a file is known not to be in a commit. */
    boolean isAbsent(String commit, String path) {
        return Files.exists(absence(commit, path));
    }

    private Path absence(String commit, String path) {
        return folder.resolve(".no_exist").resolve(commit).resolve(path);
    }

    /** Notes that a file is not in a commit. */
    void putAbsent(String commit, String path) throws IOException {
        Path file = absence(commit, path);
        Files.createDirectories(file.getParent());
        if (!Files.exists(file)) {
            Files.write(file, new byte[0]);
        }
    }

    /** Makes the folders that downloads need. */
    void prepare() throws IOException {
        Files.createDirectories(folder.resolve("blobs"));
        Files.createDirectories(locks);
        Path tag = cache.resolve("CACHEDIR.TAG");
        if (!Files.exists(tag)) {
            AtomicFile.write(tag, TAG.getBytes(StandardCharsets.US_ASCII));
        }
    }

    /** Notes which commit a revision is; whoever reads it sees the old or the new one. */
    void putCommit(String revision, String commit) throws IOException {
        if (RepoName.isCommit(revision) || commit(revision).equals(Optional.of(commit))) {
            return;
        }
        Path ref = folder.resolve("refs").resolve(revision);
        Files.createDirectories(ref.getParent());
        AtomicFile.write(ref, commit.getBytes(StandardCharsets.US_ASCII));
    }

    /**
     * Gives a blob its name in a commit: a relative link, or a copy where links are not possible.
     */
    void putFile(String commit, String path, String etag) throws IOException {
        Path file = snapshot(commit).resolve(path);
        if (Files.exists(file)) {
            return;
        }
        Files.createDirectories(file.getParent());
        Files.deleteIfExists(file); // A link to nothing.
        Path blob = blob(etag);
        try {
            Files.createSymbolicLink(
                    file, Objects.requireNonNull(file.getParent()).relativize(blob));
        } catch (FileAlreadyExistsException e) {
            if (!Files.exists(file)) { // Else another process was faster.
                throw e;
            }
        } catch (UnsupportedOperationException | IOException e) {
            copy(blob, file);
        }
    }

    private static void copy(Path blob, Path file) throws IOException {
        try (FileChannel from = FileChannel.open(blob);
                AtomicFile whole = AtomicFile.create(file)) {
            ByteBuffer buffer = ByteBuffer.allocate(1 << 20);
            long at = 0;
            while (from.read(buffer) >= 0) {
                at = whole.write(buffer.flip(), at);
                buffer.clear();
            }
            whole.commit();
        }
    }
}
