package io.amalgam.cli.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * One timed process: wall time from its start to its end, JVM start included, and the most
 * anonymous memory it was seen to hold.
 *
 * @param anonymousBytes -1 where the system does not say
 */
record ChildRun(double seconds, long anonymousBytes) {
    private static final long LOOK_MILLIS = 10;

    static ChildRun of(List<String> command) throws IOException, InterruptedException {
        Path log = Files.createTempFile("amalgam-bench", ".log");
        long begin = System.nanoTime();
        Process process =
                new ProcessBuilder(command)
                        .redirectErrorStream(true)
                        .redirectOutput(log.toFile())
                        .start();
        Path status = Path.of("/proc", Long.toString(process.pid()), "status");
        long most = -1;
        try {
            while (!process.waitFor(LOOK_MILLIS, TimeUnit.MILLISECONDS)) {
                most = Math.max(most, anonymous(status));
            }
        } finally {
            process.destroyForcibly();
        }
        double seconds = (System.nanoTime() - begin) / 1e9;
        if (process.exitValue() != 0) {
            throw new IOException(
                    "'"
                            + String.join(" ", command)
                            + "' ended with "
                            + process.exitValue()
                            + ":\n"
                            + Files.readString(log));
        }
        Files.delete(log);
        return new ChildRun(seconds, most);
    }

    private static long anonymous(Path status) {
        try {
            for (String line : Files.readAllLines(status)) {
                if (line.startsWith("RssAnon:")) {
                    return Long.parseLong(line.replaceAll("\\D", "")) * 1024;
                }
            }
        } catch (NoSuchFileException e) {
            return -1;
        } catch (IOException e) {
            // The process ended while its status was read.
            return -1;
        }
        return -1;
    }
}
