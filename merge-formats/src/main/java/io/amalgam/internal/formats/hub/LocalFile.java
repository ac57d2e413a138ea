package io.amalgam.internal.formats.hub;

import io.amalgam.error.BadInputException;
import io.amalgam.error.Problem;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileVisitOption;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.List;
import java.util.function.LongConsumer;
import java.util.stream.Stream;

/**
 * A file to be pushed.
 *
 * @param path in the repository, with slashes
 */
record LocalFile(String path, Path file, long size, long millis) {
    /** What the hub looks at to choose how a file is kept. */
    private static final int SAMPLE = 512;

    private static final int BUFFER = 1 << 20;
    private static final int DEPTH = 8;

    /** It names paths of this machine. */
    private static final String REPORT = "amalgam-report.json";

    /** All files of a folder, but hidden ones and a merge's report. */
    static List<LocalFile> in(Path folder) throws IOException {
        List<LocalFile> files = new ArrayList<>();
        try (Stream<Path> all = Files.walk(folder, DEPTH, FileVisitOption.FOLLOW_LINKS)) {
            for (Path file : all.filter(Files::isRegularFile).toList()) {
                String path = folder.relativize(file).toString().replace('\\', '/');
                if (!path.equals(REPORT) && !path.startsWith(".") && !path.contains("/.")) {
                    files.add(
                            new LocalFile(
                                    path,
                                    file,
                                    Files.size(file),
                                    Files.getLastModifiedTime(file).toMillis()));
                }
            }
        }
        files.sort(Comparator.comparing(LocalFile::path));
        return files;
    }

    byte[] sample() throws IOException {
        try (InputStream in = Files.newInputStream(file)) {
            return in.readNBytes(SAMPLE);
        }
    }

    /** As large files are named. */
    String sha256(LongConsumer read) throws IOException {
        return hash("SHA-256", "", read);
    }

    /** As git names a file. */
    String gitHash() throws IOException {
        return hash("SHA-1", "blob " + size + "\0", bytes -> {});
    }

    private String hash(String algorithm, String head, LongConsumer read) throws IOException {
        MessageDigest digest;
        try {
            digest = MessageDigest.getInstance(algorithm);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
        digest.update(head.getBytes(StandardCharsets.US_ASCII));
        byte[] buffer = new byte[BUFFER];
        long all = 0;
        try (InputStream in = Files.newInputStream(file)) {
            for (int got = in.read(buffer); got >= 0; got = in.read(buffer)) {
                digest.update(buffer, 0, got);
                all += got;
                read.accept(got);
            }
        }
        if (all != size) {
            throw changed();
        }
        return HexFormat.of().formatHex(digest.digest());
    }

    /**
     * Makes sure that what was sent is what was hashed.
     *
     * @throws BadInputException if the file was written to since
     */
    void requireUnchanged() throws IOException {
        if (Files.size(file) != size || Files.getLastModifiedTime(file).toMillis() != millis) {
            throw changed();
        }
    }

    private BadInputException changed() {
        return new BadInputException(
                Problem.expected("'" + file + "'", "no change while it is pushed", "another file")
                        .hint("push again when nothing writes to it"));
    }
}
