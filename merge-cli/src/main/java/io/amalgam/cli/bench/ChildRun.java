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
 * @param processorSeconds of all its threads, user and system; NaN where the system does not say
 * @param anonymousBytes -1 where the system does not say
 */
record ChildRun(double seconds, double processorSeconds, long anonymousBytes) {
    private static final long LOOK_MILLIS = 10;
    private static final Path OWN = Path.of("/proc/self/stat");

    /** Linux tells times in these, whatever the kernel's own are. */
    private static final double TICKS_A_SECOND = 100;

    static ChildRun of(List<String> command) throws IOException, InterruptedException {
        Path log = Files.createTempFile("amalgam-bench", ".log");
        double before = processorSecondsOfChildren();
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
                    "a measured process ended with exit code %d: %s (whole output: '%s')"
                            .formatted(process.exitValue(), lastLine(log), log));
        }
        Files.delete(log);
        return new ChildRun(seconds, processorSecondsOfChildren() - before, most);
    }

    /** What an error is about stands in the last line that is no place in a program. */
    private static String lastLine(Path log) throws IOException {
        String last = "";
        for (String line : Files.readAllLines(log)) {
            if (!line.isBlank() && !line.strip().startsWith("at ")) {
                last = line.strip();
            }
        }
        return last;
    }

    /** Of all child processes that have ended. */
    private static double processorSecondsOfChildren() {
        try {
            String line = Files.readString(OWN);
            // After the name, which may hold anything: state, then numbers.
            String[] fields = line.substring(line.lastIndexOf(')') + 2).split(" ", -1);
            return (Long.parseLong(fields[13]) + Long.parseLong(fields[14])) / TICKS_A_SECOND;
        } catch (IOException e) {
            // Not Linux.
            return Double.NaN;
        }
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
