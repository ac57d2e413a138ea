import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Reads files once with plain positional reads by some threads and does nothing with them: the least
 * that a comparison can take. Usage: java tools/ReadFloor.java THREADS FILE...
 */
final class ReadFloor {
    public static void main(String[] args) throws Exception {
        Thread[] threads = new Thread[Integer.parseInt(args[0])];
        AtomicLong next = new AtomicLong();
        for (int i = 0; i < threads.length; i++) {
            threads[i] = new Thread(() -> read(args, next));
            threads[i].start();
        }
        for (Thread thread : threads) {
            thread.join();
        }
    }

    private static void read(String[] args, AtomicLong next) {
        ByteBuffer buffer = ByteBuffer.allocateDirect(1 << 18);
        try {
            FileChannel[] files = new FileChannel[args.length];
            long largest = 0;
            for (int i = 1; i < args.length; i++) {
                files[i] = FileChannel.open(Path.of(args[i]));
                largest = Math.max(largest, files[i].size());
            }
            for (long at; (at = next.getAndAdd(buffer.capacity())) < largest; ) {
                for (int i = 1; i < args.length; i++) {
                    files[i].read(buffer.clear(), at);
                }
            }
        } catch (java.io.IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }
}
