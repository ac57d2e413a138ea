package io.amalgam.cli.bench;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicLong;

/**
 * The floor: reads every byte of the inputs once and writes the bytes of the last one, the largest,
 * to an output, with plain positional reads and writes and as many threads as a merge has. What no
 * merge that computes with these files can beat. Run as a process of its own, as the merges are.
 *
 * <p>For models put together from parts of others: reads the first half of the output from the
 * begin of the first input, and the other half from the end of the last.
 */
public final class Floor {
    private static final int BUFFER = 1 << 18;
    private static final long UNIT = 1 << 20;

    private Floor() {}

    /**
     * Copies.
     *
     * @param args threads, output, bytes of an output made of two halves or 0, inputs
     */
    public static void main(String[] args) throws IOException {
        List<Path> inputs = new ArrayList<>();
        for (int i = 3; i < args.length; i++) {
            inputs.add(Path.of(args[i]));
        }
        copy(inputs, Path.of(args[1]), Integer.parseInt(args[0]), Long.parseLong(args[2]));
    }

    private static void copy(List<Path> inputs, Path output, int threads, long halves)
            throws IOException {
        List<FileChannel> channels = new ArrayList<>();
        ExecutorService pool = Executors.newFixedThreadPool(threads);
        try {
            for (Path input : inputs) {
                channels.add(FileChannel.open(input));
            }
            FileChannel out =
                    FileChannel.open(
                            output,
                            StandardOpenOption.CREATE,
                            StandardOpenOption.WRITE,
                            StandardOpenOption.TRUNCATE_EXISTING);
            channels.add(out);
            AtomicLong next = new AtomicLong();
            Callable<Void> work =
                    () -> {
                        if (halves > 0) {
                            copyHalves(channels, halves, next);
                        } else {
                            copyUnits(channels, next);
                        }
                        return null;
                    };
            List<Future<Void>> done = new ArrayList<>();
            for (int i = 0; i < threads; i++) {
                done.add(pool.submit(work));
            }
            for (Future<Void> future : done) {
                future.get();
            }
        } catch (InterruptedException | ExecutionException e) {
            throw new IOException(e);
        } finally {
            pool.shutdown();
            for (FileChannel channel : channels) {
                channel.close();
            }
        }
    }

    private static void copyHalves(List<FileChannel> channels, long size, AtomicLong next)
            throws IOException {
        FileChannel first = channels.get(0);
        FileChannel last = channels.get(channels.size() - 2);
        FileChannel out = channels.get(channels.size() - 1);
        long shift = last.size() - size;
        ByteBuffer buffer = ByteBuffer.allocateDirect(BUFFER);
        for (long unit = next.getAndAdd(UNIT); unit < size; unit = next.getAndAdd(UNIT)) {
            long end = Math.min(size, unit + UNIT);
            for (long at = unit; at < end; at += BUFFER) {
                boolean lower = at < size / 2;
                read(lower ? first : last, lower ? at : at + shift, buffer, end - at);
                write(out, at, buffer);
            }
        }
    }

    private static void copyUnits(List<FileChannel> channels, AtomicLong next) throws IOException {
        FileChannel out = channels.get(channels.size() - 1);
        ByteBuffer buffer = ByteBuffer.allocateDirect(BUFFER);
        long size = channels.get(channels.size() - 2).size();
        for (long unit = next.getAndAdd(UNIT); unit < size; unit = next.getAndAdd(UNIT)) {
            long end = Math.min(size, unit + UNIT);
            for (long at = unit; at < end; at += BUFFER) {
                for (int i = 0; i < channels.size() - 1; i++) {
                    read(channels.get(i), at, buffer, end - at);
                }
                write(out, at, buffer);
            }
        }
    }

    /** Fills a buffer, or reads fewer bytes if fewer are left of a unit or a file. */
    private static void read(FileChannel input, long at, ByteBuffer buffer, long left)
            throws IOException {
        buffer.clear().limit((int) Math.min(BUFFER, left));
        while (buffer.hasRemaining() && input.read(buffer, at + buffer.position()) >= 0) {
            continue;
        }
        buffer.flip();
    }

    private static void write(FileChannel out, long at, ByteBuffer buffer) throws IOException {
        while (buffer.hasRemaining()) {
            out.write(buffer, at + buffer.position());
        }
    }
}
