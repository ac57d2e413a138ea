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
 * merge of these files can beat. Run as a process of its own, as the merges are.
 */
public final class Floor {
    private static final int BUFFER = 1 << 18;
    private static final long UNIT = 1 << 20;

    private Floor() {}

    /**
     * Copies.
     *
     * @param args threads, output, inputs
     */
    public static void main(String[] args) throws IOException {
        List<Path> inputs = new ArrayList<>();
        for (int i = 2; i < args.length; i++) {
            inputs.add(Path.of(args[i]));
        }
        copy(inputs, Path.of(args[1]), Integer.parseInt(args[0]));
    }

    static void copy(List<Path> inputs, Path output, int threads) throws IOException {
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
                        copyUnits(channels, next);
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

    private static void copyUnits(List<FileChannel> channels, AtomicLong next) throws IOException {
        FileChannel out = channels.get(channels.size() - 1);
        ByteBuffer buffer = ByteBuffer.allocateDirect(BUFFER);
        long size = channels.get(channels.size() - 2).size();
        for (long unit = next.getAndAdd(UNIT); unit < size; unit = next.getAndAdd(UNIT)) {
            long end = Math.min(size, unit + UNIT);
            for (long at = unit; at < end; at += BUFFER) {
                int length = (int) Math.min(BUFFER, end - at);
                for (int i = 0; i < channels.size() - 1; i++) {
                    buffer.clear().limit(length);
                    while (buffer.hasRemaining()
                            && channels.get(i).read(buffer, at + buffer.position()) >= 0) {
                        continue;
                    }
                }
                buffer.flip();
                while (buffer.hasRemaining()) {
                    out.write(buffer, at + buffer.position());
                }
            }
        }
    }
}
