package io.amalgam.cli.bench;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Measured merges run as the launcher runs them, however the benchmark was started. */
class ChildJavaTest {
    private static final List<String> LAUNCHER =
            List.of(
                    "-XX:+UseSerialGC",
                    "--add-modules=jdk.incubator.vector",
                    "-XX:CompileCommand=quiet");

    @Test
    void optionsOfTheLauncherAreAddedWhereThereAreNone() {
        assertThat(ChildJava.options(List.of(), LAUNCHER))
                .containsExactly(
                        "-XX:+UseSerialGC",
                        "--add-modules=jdk.incubator.vector",
                        "-XX:CompileCommand=quiet",
                        "-Xmx256m");
    }

    @Test
    void whatTheLauncherStartedIsStartedTheSameWay() {
        List<String> own =
                List.of(
                        "-XX:+UseSerialGC",
                        "--add-modules=jdk.incubator.vector",
                        "-XX:CompileCommand=quiet",
                        "-Xmx256m",
                        "-XX:SharedArchiveFile=amalgam.jsa",
                        "-Damalgam.terminal=true");

        assertThat(ChildJava.options(own, LAUNCHER)).isEqualTo(own.subList(0, 5));
    }

    @Test
    void ownOptionsWin() {
        List<String> own = List.of("-XX:+UseG1GC", "-Xmx2g", "-XX:TieredStopAtLevel=1");

        assertThat(ChildJava.options(own, LAUNCHER))
                .containsExactly(
                        "--add-modules=jdk.incubator.vector",
                        "-XX:CompileCommand=quiet",
                        "-XX:+UseG1GC",
                        "-Xmx2g",
                        "-XX:TieredStopAtLevel=1");
    }

    @Test
    void memoryGivenInAnyWayIsKept() {
        for (String memory : List.of("-Xmx1g", "-XX:MaxHeapSize=1g", "-XX:MaxRAMPercentage=50")) {
            assertThat(ChildJava.options(List.of(memory), List.of())).containsExactly(memory);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"java.args", "java24.args"})
    void theLaunchersFilesComeWithTheClasses(String file) throws IOException {
        try (InputStream in = ChildJava.class.getResourceAsStream(ChildJava.FOLDER + file)) {
            assertThat(in).as("made by Maven").isNotNull();
            assertThat(new String(in.readAllBytes(), StandardCharsets.UTF_8))
                    .isEqualTo(Files.readString(Path.of("src/main/launcher", file)));
        }
        assertThat(ChildJava.launcher(17))
                .contains("--add-modules=jdk.incubator.vector", "-XX:CompileCommand=quiet")
                .noneMatch(option -> option.contains("#"));
        assertThat(ChildJava.launcher(25)).contains("--enable-native-access=ALL-UNNAMED");
    }
}
