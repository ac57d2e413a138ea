package io.amalgam.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Every operation that writes an output fails once, and then for good: the command says so in one
 * line that names the file, leaves nothing that looks whole and is not, and goes on afterwards to
 * the same bytes. Of commands other than {@code merge}, every third operation; {@code make faults}
 * takes all.
 */
@Order(0) // By far the longest: beside all others, not after them.
class WriteFaultsTest {
    @TempDir private Path folder;

    @Test
    void nothingIsTakenForWholeThatIsNot() throws Exception {
        List<String> told = run();

        assertThat(told.stream().filter(line -> !line.matches("\\S+\tcount \\d+"))).isEmpty();
        assertThat(told).filteredOn(line -> line.startsWith("merge\t")).hasSize(2);
        // Else nothing was tried.
        assertThat(told).noneMatch(line -> line.matches("\\S+\tcount \\d"));
    }

    private List<String> run() throws IOException, InterruptedException {
        Path log = folder.resolve("log");
        Process process =
                new ProcessBuilder(
                                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                                "-XX:TieredStopAtLevel=1",
                                "-Dsun.net.httpserver.nodelay=true",
                                "-Djava.nio.file.spi.DefaultFileSystemProvider="
                                        + "io.amalgam.faults.FaultyFileSystemProvider",
                                "-cp",
                                System.getProperty("java.class.path"),
                                "io.amalgam.cli.WriteFaults",
                                Files.createDirectory(folder.resolve("files")).toString(),
                                System.getProperty("faults.every", "3"))
                        // Newer Java says there that ND4J's native code is loaded.
                        .redirectError(folder.resolve("errors").toFile())
                        .redirectOutput(log.toFile())
                        .start();
        boolean ended = process.waitFor(20, TimeUnit.MINUTES);
        process.destroyForcibly();
        List<String> lines = Files.readAllLines(log, StandardCharsets.UTF_8);
        assertThat(ended).as(String.join("\n", lines)).isTrue();
        assertThat(process.waitFor()).as(() -> String.join("\n", lines) + "\n" + errors()).isZero();
        return lines;
    }

    private String errors() {
        try {
            return Files.readString(folder.resolve("errors"));
        } catch (IOException e) {
            return e.toString();
        }
    }
}
