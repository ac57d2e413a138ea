package io.amalgam.internal.engine;

import io.amalgam.checkpoint.OutputLayout;
import io.amalgam.checkpoint.OutputLayout.SmallFile;
import io.amalgam.internal.io.FileWrites;
import java.io.Closeable;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * The files of an output while it is made. They grow in a folder of their own inside the output
 * directory, at their final size from the start, and move to their places when all is written:
 * weights, then what describes them, and last the file without which no reader takes the model for
 * complete.
 *
 * <p>Writes are positional and may come from any thread.
 */
final class OutputFiles implements Closeable {
    private static final String PART = ".part";

    private final Path directory;
    private final Path partial;
    private final OutputLayout layout;
    private final Set<Integer> selected;
    private final Map<Integer, Part> open = new TreeMap<>();
    private final Set<Path> touched = new LinkedHashSet<>();

    /**
     * A file that is written, where it grows.
     *
     * @param writers how many write to it now
     */
    private record Part(Path path, FileChannel channel, AtomicInteger writers) {
        void write(long position, ByteBuffer bytes) throws IOException {
            writers.incrementAndGet();
            writeCounted(position, bytes);
        }

        boolean tryWrite(long position, ByteBuffer bytes) throws IOException {
            boolean free = writers.compareAndSet(0, 1);
            if (free) {
                writeCounted(position, bytes);
            }
            return free;
        }

        private void writeCounted(long position, ByteBuffer bytes) throws IOException {
            try {
                FileWrites.fully(path, channel, bytes, position);
            } finally {
                writers.decrementAndGet();
            }
        }
    }

    /** Data files made elsewhere, by name. */
    private final Map<String, Path> made;

    private OutputFiles(
            Path directory, OutputLayout layout, Set<Integer> selected, Map<String, Path> made) {
        this.made = made;
        this.selected = selected;
        this.directory = directory;
        this.partial = directory.resolve(OutputLayout.PARTIAL);
        this.layout = layout;
    }

    /**
     * Creates the parts with their headers; parts that are there already are taken over.
     *
     * @param selected the data files that are written, by their position in the layout
     */
    static OutputFiles open(Path directory, OutputLayout layout, Set<Integer> selected)
            throws IOException {
        OutputFiles files = new OutputFiles(directory, layout, selected, Map.of());
        Files.createDirectories(files.partial);
        try {
            for (int number : selected) {
                OutputLayout.DataFile file = layout.files().get(number);
                Path path = files.part(file.name());
                FileChannel channel =
                        FileChannel.open(
                                path,
                                StandardOpenOption.CREATE,
                                StandardOpenOption.READ,
                                StandardOpenOption.WRITE);
                Part part = new Part(path, channel, new AtomicInteger());
                files.open.put(number, part);
                part.write(0, ByteBuffer.wrap(file.header()));
                if (channel.size() > file.size()) {
                    channel.truncate(file.size());
                } else if (channel.size() < file.size()) {
                    part.write(file.size() - 1, ByteBuffer.wrap(new byte[1]));
                }
            }
        } catch (IOException e) {
            files.close();
            throw e;
        }
        return files;
    }

    /**
     * Takes over data files that are whole, for {@link #commit} alone.
     *
     * @param made where each of the layout's data files is, by its name
     */
    static OutputFiles joining(Path directory, OutputLayout layout, Map<String, Path> made)
            throws IOException {
        OutputFiles files = new OutputFiles(directory, layout, Set.of(), made);
        Files.createDirectories(files.partial);
        return files;
    }

    private Path part(String name) {
        Path there = made.get(name);
        return there == null ? partial.resolve(partName(name)) : there;
    }

    /** The name of a file of unfinished work, which goes when a merge begins afresh. */
    static String partName(String name) {
        return name.replace('/', '_') + PART;
    }

    /** Another channel on a file, for writing; the caller closes it before the commit. */
    FileChannel openAgain(int file) throws IOException {
        return FileChannel.open(part(layout.files().get(file).name()), StandardOpenOption.WRITE);
    }

    void write(int file, long position, ByteBuffer bytes) throws IOException {
        part(file).write(position, bytes);
    }

    /**
     * Writes unless others are writing to the file.
     *
     * @return whether it did
     */
    boolean tryWrite(int file, long position, ByteBuffer bytes) throws IOException {
        return part(file).tryWrite(position, bytes);
    }

    /** The files of this run, by their position in the layout. */
    Set<Integer> selected() {
        return selected;
    }

    /** Whether a tensor, by its place in the layout, is in one of the files of this run. */
    boolean has(int tensor) {
        return selected.contains(layout.placements().get(tensor).file());
    }

    private Part part(int file) {
        Part part = open.get(file);
        if (part == null) {
            throw new IllegalStateException("file " + file + " is no part of this run");
        }
        return part;
    }

    /** Reads back what was written. */
    void read(int file, long position, ByteBuffer into) throws IOException {
        long at = position;
        Part part = part(file);
        while (into.hasRemaining()) {
            int got = part.channel().read(into, at);
            if (got < 0) {
                throw new EOFException("'" + part.path() + "' ends at byte " + at);
            }
            at += got;
        }
    }

    /** Makes what was written durable. Nothing is written to the weights after that. */
    void complete() throws IOException {
        for (Part part : open.values()) {
            FileWrites.force(part.path(), part.channel());
        }
        closeChannels();
    }

    /** When a file was last written to, in milliseconds since 1970: final once it is complete. */
    long modifiedMillis(int file) throws IOException {
        return Files.getLastModifiedTime(part(layout.files().get(file).name())).toMillis();
    }

    /**
     * Makes the completed output appear. An earlier model is whole until all of the new one lies
     * beside it; from then on and up to the last move nothing in the directory looks like a whole
     * model. A commit that was interrupted can be repeated.
     *
     * @param companions files that belong to the model beside its weights
     * @param earlier files that must go before the new ones come, relative to the directory
     */
    void commit(List<SmallFile> companions, List<Path> earlier) throws IOException {
        for (SmallFile file : companions) {
            writeSmall(file);
        }
        for (SmallFile file : layout.last()) {
            writeSmall(file);
        }
        for (Path file : earlier) {
            remove(file);
        }
        List<OutputLayout.DataFile> data = layout.files();
        boolean single = layout.last().isEmpty();
        int early = single ? data.size() - 1 : data.size();
        for (int i = 0; i < early; i++) {
            move(data.get(i).name());
        }
        for (SmallFile file : companions) {
            move(file.name());
        }
        for (SmallFile file : layout.last()) {
            move(file.name());
        }
        for (int i = early; i < data.size(); i++) {
            move(data.get(i).name());
        }
        for (Path folder : touched) {
            FileWrites.forceDirectory(folder);
        }
        FileWrites.forceDirectory(directory);
    }

    /** Moves the selected data files to their places, and nothing else: part of an output. */
    void commitSelected() throws IOException {
        for (int number : selected) {
            move(layout.files().get(number).name());
        }
        for (Path folder : touched) {
            FileWrites.forceDirectory(folder);
        }
        FileWrites.forceDirectory(directory);
    }

    /** Removes a file, and its folder inside the directory if that was all it held. */
    private void remove(Path file) throws IOException {
        Files.deleteIfExists(directory.resolve(file));
        if (file.getParent() != null) {
            try {
                Files.deleteIfExists(directory.resolve(file.getParent()));
            } catch (DirectoryNotEmptyException e) {
                // Other files of the folder stay, and so does it.
                return;
            }
        }
    }

    private void move(String name) throws IOException {
        Path to = directory.resolve(name);
        Path folder = to.resolveSibling("");
        Files.createDirectories(folder);
        touched.add(folder);
        Path from = part(name);
        if (!from.equals(to)) {
            FileWrites.moveOver(from, to);
        }
    }

    private void writeSmall(SmallFile file) throws IOException {
        try (FileChannel channel =
                FileChannel.open(
                        part(file.name()),
                        StandardOpenOption.CREATE,
                        StandardOpenOption.TRUNCATE_EXISTING,
                        StandardOpenOption.WRITE)) {
            FileWrites.fully(part(file.name()), channel, ByteBuffer.wrap(file.content()), 0);
            FileWrites.force(part(file.name()), channel);
        }
    }

    /** Removes the parts an earlier merge left, but not its journal. */
    static void removeParts(Path directory) throws IOException {
        try (DirectoryStream<Path> parts =
                Files.newDirectoryStream(directory.resolve(OutputLayout.PARTIAL), "*" + PART)) {
            for (Path part : parts) {
                Files.delete(part);
            }
        }
    }

    /** Removes the folder of unfinished work; its journal last, so that until then it is known. */
    static void removePartial(Path directory) throws IOException {
        Path partial = directory.resolve(OutputLayout.PARTIAL);
        if (Files.isDirectory(partial)) {
            removeParts(directory);
        }
        try (DirectoryStream<Path> entries = Files.newDirectoryStream(partial)) {
            for (Path entry : entries) {
                Files.delete(entry);
            }
        } catch (NoSuchFileException e) {
            return;
        }
        Files.delete(partial);
    }

    private void closeChannels() throws IOException {
        for (Part part : open.values()) {
            part.channel().close();
        }
    }

    @Override
    public void close() throws IOException {
        closeChannels();
    }
}
