package io.amalgam.spark;

import java.io.IOException;
import java.net.URI;
import java.util.Arrays;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.hadoop.fs.FSDataOutputStream;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.RawLocalFileSystem;
import org.apache.hadoop.util.Progressable;

/** A store of this machine's disk that fails when it is told to. */
public final class FaultyStore extends RawLocalFileSystem {
    /** Writes that succeed before one fails; below 0, all do. */
    static final AtomicInteger WRITES = new AtomicInteger(-1);

    /** Likewise, of renames. */
    static final AtomicInteger RENAMES = new AtomicInteger(-1);

    @Override
    public URI getUri() {
        return URI.create("faulty:///");
    }

    @Override
    public String getScheme() {
        return "faulty";
    }

    private static void count(AtomicInteger left) throws IOException {
        if (left.get() >= 0 && left.getAndDecrement() == 0) {
            throw new IOException("the store is away");
        }
    }

    /**
     * Without owners, which the local file system asks the disk for, by paths of its own scheme.
     */
    private static FileStatus plain(FileStatus file) {
        return new FileStatus(
                file.getLen(),
                file.isDirectory(),
                file.getReplication(),
                file.getBlockSize(),
                file.getModificationTime(),
                file.getPath());
    }

    @Override
    public FileStatus getFileStatus(Path file) throws IOException {
        return plain(super.getFileStatus(file));
    }

    @Override
    public FileStatus[] listStatus(Path folder) throws IOException {
        return Arrays.stream(super.listStatus(folder))
                .map(FaultyStore::plain)
                .toArray(FileStatus[]::new);
    }

    @Override
    public FSDataOutputStream create(
            Path file,
            boolean overwrite,
            int buffer,
            short replication,
            long block,
            Progressable progress)
            throws IOException {
        count(WRITES);
        return super.create(file, overwrite, buffer, replication, block, progress);
    }

    @Override
    public boolean rename(Path from, Path to) throws IOException {
        count(RENAMES);
        return super.rename(from, to);
    }
}
