package io.amalgam.internal.spark;

import java.io.FileNotFoundException;
import java.io.IOException;
import java.util.concurrent.ExecutionException;
import org.apache.hadoop.fs.FSDataInputStream;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;

/** A weights file in a store, as it was when it was first looked at. */
final class StoredFile {
    private final FileSystem store;
    private final FileStatus status;

    StoredFile(FileSystem store, FileStatus status) {
        this.store = store;
        this.status = status;
    }

    Path path() {
        return status.getPath();
    }

    long size() {
        return status.getLen();
    }

    /** Reads a range, in one request. */
    byte[] read(long at, int length) throws IOException {
        byte[] bytes = new byte[length];
        try (FSDataInputStream in =
                store.openFile(status.getPath())
                        .withFileStatus(status)
                        .opt("fs.option.openfile.read.policy", "random")
                        .build()
                        .get()) {
            in.readFully(at, bytes);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new java.io.InterruptedIOException("interrupted");
        } catch (ExecutionException e) {
            throw new IOException("'" + path() + "' cannot be read", e.getCause());
        }
        return bytes;
    }

    boolean isUnchanged() throws IOException {
        try {
            FileStatus now = store.getFileStatus(status.getPath());
            return now.getLen() == status.getLen()
                    && now.getModificationTime() == status.getModificationTime();
        } catch (FileNotFoundException e) {
            return false;
        }
    }
}
