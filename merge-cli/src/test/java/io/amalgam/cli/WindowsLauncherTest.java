package io.amalgam.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The launcher for Windows says and does what the one for the others does: their texts agree. */
class WindowsLauncherTest {
    private String unix = "";
    private String windows = "";

    @BeforeEach
    void read() throws IOException {
        unix = Files.readString(Path.of("../amalgam"));
        for (String part : List.of("build.sh", "archive.sh")) {
            unix += Files.readString(Path.of("src/main/launcher", part));
        }
        windows = Files.readString(Path.of("../amalgam.cmd")).replace("\r\n", "\n");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "-q -ntp -pl merge-cli -am -Dmaven.test.skip=true -Dchecks.skip package",
                "building on first use; this takes a few minutes where libraries must be downloaded",
                "building again; ",
                " is newer than the program",
                "preparing quicker starts with Java ",
                "-Xmx256m",
                "-XX:MaxRAMPercentage=25",
                "-XX:DumpLoadedClassList=",
                "-Xshare:dump",
                "-XX:SharedClassListFile=",
                "-XX:SharedArchiveFile=",
                "java.args",
                "java24.args",
                "io.amalgam.cli.Main warm-up",
                "AMALGAM_CLASSPATH",
                "AMALGAM_JAVA_OPTS"
            })
    void bothHave(String words) {
        assertThat(unix).contains(words);
        assertThat(windows).contains(words);
    }

    @Test
    void bothLookAtTheSameSources() {
        Pattern source = Pattern.compile("(merge-\\w+[/\\\\])?(pom\\.xml|src[/\\\\]main)(?=[ '])");
        Set<String> expected = found(source, unix.substring(0, unix.indexOf("-type f")));
        assertThat(expected).hasSize(7);
        assertThat(found(source, windows)).isEqualTo(expected);
    }

    private static Set<String> found(Pattern pattern, String text) {
        Set<String> found = new TreeSet<>();
        Matcher matcher = pattern.matcher(text);
        while (matcher.find()) {
            found.add(matcher.group().replace('\\', '/'));
        }
        return found;
    }

    @Test
    void bothGiveTheSameCommandsMoreMemory() {
        assertThat(unix).contains("evaluate | check | statistics) heap=");
        assertThat(windows).contains("for %%C in (evaluate check statistics) do");
    }

    @Test
    void versionsAreTheSame() {
        for (int version : List.of(17, 24)) {
            assertThat(unix).containsPattern("-(ge|lt) " + version);
            assertThat(windows).containsPattern("%VERSION% (GEQ|LSS) " + version);
        }
    }

    /** A label that is missing ends the script in silence. */
    @Test
    void everyLabelIsThere() {
        Set<String> labels = found(Pattern.compile("(?m)(?<=^:)\\w+$"), windows);
        assertThat(labels).isEqualTo(found(Pattern.compile("(?<=goto )\\w+"), windows));
    }

    /** What cmd reads within a block's parentheses as its end. */
    @Test
    void blocksHaveNoParenthesesInTheirText() {
        Matcher block = Pattern.compile("(?ms)^if [^\n]* \\(\n(.*?)^\\)$").matcher(windows);
        int blocks = 0;
        while (block.find()) {
            blocks++;
            assertThat(block.group(1)).doesNotContain("(").doesNotContain(")");
        }
        assertThat(blocks).isGreaterThan(3);
    }
}
