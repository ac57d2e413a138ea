package io.amalgam.internal.formats.hub;

import io.amalgam.error.BadInputException;
import io.amalgam.error.Problem;
import java.io.IOException;
import java.io.InputStream;
import java.nio.channels.FileChannel;
import java.nio.file.FileVisitOption;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.atomic.LongAdder;
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
        return hash(true, read);
    }

    /** As git names a file. */
    String gitHash() throws IOException {
        return hash(false, bytes -> {});
    }

    private String hash(boolean large, LongConsumer read) throws IOException {
        LongAdder all = new LongAdder();
        try (FileChannel channel = FileChannel.open(file)) {
            String hash =
                    FileHash.of(
                            channel,
                            large,
                            size,
                            bytes -> {
                                all.add(bytes);
                                read.accept(bytes);
                            });
            if (all.sum() != size) {
                throw changed();
            }
            return hash;
        }
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
