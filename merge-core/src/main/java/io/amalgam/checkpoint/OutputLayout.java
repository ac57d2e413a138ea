package io.amalgam.checkpoint;

import java.util.List;

/**
 * The position of every output byte, computed before any is written: files with headers, the place
 * of each tensor, and small files that are written last because they complete the model (a shard
 * index).
 *
 * @param placements one for each tensor, in the order they were given to {@link
 *     OutputFormat#layout}
 */
public record OutputLayout(List<DataFile> files, List<Placement> placements, List<SmallFile> last) {
    /**
     * The folder in an output directory where a merge writes until the model is complete. An
     * interrupted merge leaves it behind.
     */
    public static final String PARTIAL = ".amalgam-partial";

    public OutputLayout {
        files = List.copyOf(files);
        placements = List.copyOf(placements);
        last = List.copyOf(last);
    }

    /** A weights file: {@code header} at its start, {@code size} bytes in all. */
    public record DataFile(String name, byte[] header, long size) {}

    /** The tensor's bytes begin at {@code offset} of {@code files().get(file)}. */
    public record Placement(int file, long offset) {}

    /** A file written whole. */
    public record SmallFile(String name, byte[] content) {}

    /** Size of all files together, in bytes. */
    public long bytes() {
        long sum = 0;
        for (DataFile file : files) {
            sum += file.size();
        }
        for (SmallFile file : last) {
            sum += file.content().length;
        }
        return sum;
    }
}
