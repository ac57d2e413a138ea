package io.amalgam.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.amalgam.formats.safetensors.NamedTensor;
import java.io.File;
import java.io.IOException;
import java.io.OutputStream;
import java.io.Reader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Properties;
import java.util.jar.Attributes;
import java.util.jar.JarOutputStream;
import java.util.jar.Manifest;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The launcher, in a copy whose jar stands for the classes under test. */
@DisabledOnOs(value = OS.WINDOWS, disabledReason = "there is no sh")
class LauncherTest {
    /** Has the shell write a name that a Java in the test's own locale might be unable to. */
    private static final String DIRECTORY =
            "d=$(printf 'mod\\303\\250les/\\346\\227\\245\\346\\234\\254')\n";

    @TempDir Path folder;

    @BeforeEach
    void copy() throws IOException {
        Path home = folder.resolve("home");
        Path launcher = Files.createDirectories(home.resolve("merge-cli/src/main/launcher"));
        try (Stream<Path> files = Files.list(Path.of("src/main/launcher"))) {
            for (Path file : files.toList()) {
                Files.copy(file, launcher.resolve(file.getFileName()));
            }
        }
        Files.copy(
                Path.of("../amalgam"), home.resolve("amalgam"), StandardCopyOption.COPY_ATTRIBUTES);
        Manifest manifest = new Manifest();
        manifest.getMainAttributes().put(Attributes.Name.MANIFEST_VERSION, "1.0");
        manifest.getMainAttributes()
                .put(
                        Attributes.Name.CLASS_PATH,
                        Arrays.stream(
                                        System.getProperty("java.class.path")
                                                .split(File.pathSeparator))
                                .map(entry -> Path.of(entry).toUri().toASCIIString())
                                .collect(Collectors.joining(" ")));
        Path jar = Files.createDirectories(home.resolve("merge-cli/target")).resolve("amalgam.jar");
        try (OutputStream out = Files.newOutputStream(jar)) {
            new JarOutputStream(out, manifest).close();
        }
        // As if an archive for this Java had been tried in vain.
        Path archive = jar.resolveSibling("amalgam-" + release() + ".jsa");
        Files.createFile(archive);
        // Clocks of files tick slowly.
        Files.setLastModifiedTime(archive, FileTime.from(Instant.now().plusSeconds(60)));
    }

    /** Version and vendor of this Java, as its file 'release' has them. */
    private static String release() throws IOException {
        Properties release = new Properties();
        Path file = Path.of(System.getProperty("java.home"), "release");
        try (Reader in = Files.newBufferedReader(file)) {
            release.load(in);
        }
        return Stream.of("JAVA_VERSION", "IMPLEMENTOR")
                .map(release::getProperty)
                .filter(Objects::nonNull)
                .map(value -> value.replaceAll("\"|/.*", ""))
                .collect(Collectors.joining(" "));
    }

    /** A Java that only tells its options, and writes the archive it is asked for. */
    @ParameterizedTest
    @ValueSource(strings = {"17.0.99", "25.0.9"})
    void everyJavaGetsAnArchiveOfItsOwnOnce(String version) throws Exception {
        String script =
                """
                mkdir -p jdk/bin
                printf 'IMPLEMENTOR="A/B"\nJAVA_VERSION="%1$s"\n' >jdk/release
                cat >jdk/bin/java <<'END'
                #!/bin/sh
                dump=
                for option in "$@"; do
                    case $option in
                        -XX:DumpLoadedClassList=*) echo list >"${option#*=}"; exit ;;
                        -Xshare:dump) dump=1 ;;
                        -XX:SharedClassListFile=*) list=${option#*=} ;;
                        -XX:SharedArchiveFile=*) archive=${option#*=} ;;
                    esac
                done
                if [ "$dump" ]; then cp "$list" "$archive"; else echo "with ${archive##*/} of $(cat "$archive")"; fi
                END
                chmod +x jdk/bin/java
                export JAVA_HOME=$PWD/jdk
                home/amalgam methods && home/amalgam methods && \\
                    mkdir home/merge-cli/target/lib && touch home/merge-cli/target/lib/new.jar && \\
                    home/amalgam methods && ls home/merge-cli/target | grep -c "%1$s"
                """;
        assertThat(sh(script.formatted(version))).isZero();
        assertThat(log().lines())
                .containsExactly(
                        "amalgam: preparing quicker starts with Java %s; this is done once"
                                .formatted(version),
                        "with amalgam-%s A.jsa of list".formatted(version),
                        "with amalgam-%s A.jsa of list".formatted(version),
                        "amalgam: preparing quicker starts with Java %s; this is done once"
                                .formatted(version),
                        "with amalgam-%s A.jsa of list".formatted(version),
                        "1");
    }

    /** The first start cannot make one, the third, a day later, is ended while it does. */
    @Test
    void whatPreventsAnArchivePreventsNothingElse() throws Exception {
        String script =
                """
                mkdir -p jdk/bin
                echo 'JAVA_VERSION="17.0.99"' >jdk/release
                cat >jdk/bin/java <<'END'
                #!/bin/sh
                case $1 in
                    -XX:DumpLoadedClassList=*) echo list >"${1#*=}"; [ ! "${KILLED:-}" ] || kill "$PPID"; exit ;;
                    -Xshare:dump) exit 1 ;;
                esac
                echo ran
                END
                chmod +x jdk/bin/java
                export JAVA_HOME=$PWD/jdk
                cd home
                ./amalgam methods && ./amalgam methods || exit 1
                find . -exec touch -t 202001010000 {} +
                touch -t 202001020000 merge-cli/target/amalgam-17.0.99.jsa
                KILLED=1 ./amalgam methods
                echo "$?"
                find merge-cli/target -name '*.99*'
                """;
        assertThat(sh(script)).isZero();
        String preparing = "amalgam: preparing quicker starts with Java 17.0.99; this is done once";
        assertThat(log().lines())
                .containsExactly(
                        preparing,
                        "ran",
                        "ran",
                        preparing,
                        "143",
                        "merge-cli/target/amalgam-17.0.99.jsa");
    }

    /** Matrices that are free would stay with the process otherwise. */
    @Test
    void theCLibraryKeepsNothingUnlessItIsTold() throws Exception {
        String script =
                """
                mkdir -p jdk/bin
                echo 'JAVA_VERSION="17.0.9"' >jdk/release
                : >home/merge-cli/target/amalgam-17.0.9.jsa
                cat >jdk/bin/java <<'END'
                #!/bin/sh
                for option in "$@"; do
                    case $option in
                        -Damalgam.launcher.variables=*) own=${option#*=} ;;
                    esac
                done
                echo "$MALLOC_ARENA_MAX $MALLOC_MMAP_THRESHOLD_ ${own#OPENBLAS_CORETYPE:}"
                END
                chmod +x jdk/bin/java
                export JAVA_HOME=$PWD/jdk
                home/amalgam methods && MALLOC_ARENA_MAX=3 home/amalgam methods
                """;
        assertThat(sh(script)).isZero();
        assertThat(log().lines())
                .containsExactly(
                        "1 1048576 MALLOC_ARENA_MAX:MALLOC_MMAP_THRESHOLD_",
                        "3 1048576 MALLOC_MMAP_THRESHOLD_");
    }

    @ParameterizedTest
    @ValueSource(strings = {"LC_ALL=C", "LC_ALL=POSIX", "LC_ALL=xx_YY.UTF-8", "LANG="})
    void pathsOutsideAsciiWorkInAnyLocale(String locale) throws Exception {
        NamedTensor tensor = Models.filled("w", 3, 4);
        Models.write(folder.resolve("model"), List.of(tensor), "{}");
        String recipe = "merge_method: passthrough\nmodels: [{model: mod\u00e8les/\u65e5\u672c}]\n";
        Files.writeString(folder.resolve("recipe.yml"), recipe);

        int exit =
                sh(
                        DIRECTORY
                                + "mkdir -p \"$d\" && cp model/* \"$d\" && unset LC_ALL LC_CTYPE LANG\n"
                                + "export "
                                + locale
                                + " AMALGAM_JAVA_OPTS=-XX:TieredStopAtLevel=1\n"
                                + "home/amalgam merge recipe.yml \"$d-out\" || exit 1\n"
                                + "[ -f \"$d-out/model.safetensors\" ]");

        assertThat(log()).contains("merged to mod\u00e8les/\u65e5\u672c-out");
        assertThat(exit).as(log()).isZero();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "cd home && sh amalgam",
                "sh home/amalgam",
                "ln -s home/amalgam link && sh link",
                "ln -s home/amalgam link && ./link",
                "mkdir bin && ln -s ../home/amalgam bin/merge && PATH=$PWD/bin:$PATH && merge",
                "mkdir bin && ln -s ../home/amalgam bin/one && ln -s bin/one two && cd home && ../two"
            })
    void startsByAnyName(String command) throws Exception {
        assertThat(sh(command + " --version")).as(log()).isZero();
        assertThat(log()).containsPattern("(?m)^amalgam \\d");
    }

    /** Whatever Java takes for its default is refused beside another. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "AMALGAM_JAVA_OPTS='-XX:+UseParallelGC -Xmx128m'",
                "AMALGAM_JAVA_OPTS=-XX:+UseSerialGC",
                "AMALGAM_JAVA_OPTS=-Xmx128m",
                "AMALGAM_JAVA_OPTS=-XX:+UseGCOverheadLimit",
                "JAVA_TOOL_OPTIONS='-XX:+UseParallelGC -Dx=y'",
                "JAVA_TOOL_OPTIONS=-XX:+UseSerialGC",
                "JDK_JAVA_OPTIONS=-XX:+UseParallelGC",
                "_JAVA_OPTIONS=-XX:+UseParallelGC"
            })
    void anyGarbageCollectorMayBeAskedFor(String options) throws Exception {
        assertThat(sh(options + " home/amalgam --version")).as(log()).isZero();
    }

    /** Maven has no way to take one back. */
    @Test
    void theBuildLeavesTheChoiceOfACollectorToTheUser() throws IOException {
        assertThat(Files.readAllLines(Path.of("../.mvn/jvm.config")))
                .contains("-XX:TieredStopAtLevel=1")
                .noneMatch(option -> option.matches("-XX:.Use\\w*GC"));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "printf 'echo java version %s1.8.0_202%s >&2' '\\\"' '\\\"' >old/bin/java",
                "echo 'JAVA_VERSION=\"1.8.0_202\"' >old/release; echo >old/bin/java"
            })
    void anOldJavaIsCalledByItsName(String install) throws Exception {
        String script =
                "mkdir -p old/bin\n"
                        + install
                        + "\nchmod +x old/bin/java\nJAVA_HOME=$PWD/old home/amalgam --version";
        assertThat(sh(script)).isEqualTo(1);
        assertThat(log()).startsWith("error: java: expected version 17 or newer, got '8' (");
    }

    /** The build stands for Maven's: it leaves the program as it is. */
    @Test
    void buildsAgainOnceWhereASourceIsNewer() throws Exception {
        String script =
                "cd home && printf '#!/bin/sh\\necho built >>builds\\n' >mvnw && chmod +x mvnw\n"
                        + "touch merge-cli/src/main/launcher/java.args\n"
                        + "./amalgam --version && ./amalgam --version && cat builds";
        assertThat(sh(script)).as(log()).isZero();
        assertThat(log())
                .containsOnlyOnce("amalgam: building again; ")
                .contains("launcher/java.args' is newer than the program")
                .endsWith("\nbuilt\n");
    }

    @Test
    void twoThatStartAtOnceBuildOnce() throws Exception {
        String script =
                "cd home && printf '#!/bin/sh\\necho built >>builds; sleep 2\\n' >mvnw && chmod +x mvnw\n"
                        + "touch merge-cli/src/main/launcher/java.args\n"
                        // Left by a build that was killed.
                        + "sh -c 'echo $$ >merge-cli/target/build.lock'\n"
                        + "./amalgam --version & ./amalgam --version && wait $! || exit 1\n"
                        + "cat builds; ls merge-cli/target | grep buil";
        assertThat(sh(script)).as(log()).isZero();
        assertThat(log())
                .containsOnlyOnce("amalgam: building again; ")
                .containsPattern(
                        "(?m)^amalgam: waiting for the build of process \\d+; if it is something else, remove '.*/build.lock'$")
                .endsWith("\nbuilt\nbuild.log\nbuilt\n");
    }

    /** The samples build the same modules: they wait, then build theirs. */
    @Test
    void aSampleThatStartsMeanwhileWaits() throws Exception {
        Path samples = Files.createDirectories(folder.resolve("home/samples"));
        Files.copy(
                Path.of("../samples/run"),
                samples.resolve("run"),
                StandardCopyOption.COPY_ATTRIBUTES);
        String script =
                """
                mkdir -p home/samples/src/main/java/io/amalgam/samples home/samples/target/lib
                cd home
                echo 'void main(' >samples/src/main/java/io/amalgam/samples/One.java
                cat >mvnw <<'END'
                #!/bin/sh
                [ ! -f alone ] || echo two at once
                touch alone; sleep 1; rm alone
                END
                chmod +x mvnw
                # As an interrupted build leaves it.
                touch samples/target/building merge-cli/src/main/launcher/java.args
                ./amalgam --version & samples/run One
                wait $!
                cat merge-cli/target/build.log
                ls samples/target merge-cli/target | grep buil
                """;
        assertThat(sh(script)).as(log()).isZero();
        assertThat(log())
                .containsOnlyOnce("amalgam: building again; ")
                .containsOnlyOnce("samples/run: building on first use")
                .containsOnlyOnce(": waiting for the build of process ")
                .doesNotContain("two at once")
                .endsWith("\nbuild.log\nbuilt\n");
    }

    /** A build that was killed before it wrote its number leaves an empty lock. */
    @Test
    void anEmptyLockIsTakenAway() throws Exception {
        String script =
                "cd home && printf '#!/bin/sh\\n' >mvnw && chmod +x mvnw\n"
                        + "touch merge-cli/src/main/launcher/java.args\n"
                        + ": >merge-cli/target/build.lock\n"
                        + "./amalgam --version && ls merge-cli/target | grep buil";
        assertThat(sh(script)).as(log()).isZero();
        assertThat(log()).containsPattern("(?m)^amalgam \\d").endsWith("\nbuild.log\nbuilt\n");
    }

    @Test
    void aPlaceThatJavaCannotReadIsSaid() throws Exception {
        assertThat(sh("mv home a:b && a:b/amalgam --version")).isEqualTo(1);
        assertThat(log())
                .matches(
                        "error: folder of amalgam: expected a path without ':', .* got '.*/a:b'; move it\n");
    }

    @Test
    void aPlugInThatIsNotThereIsSaid() throws Exception {
        String script = "mkdir -p 'a b'; AMALGAM_CLASSPATH=':*:a b:a b/*%s' home/amalgam --version";
        assertThat(sh(script.formatted(""))).as(log()).isZero();
        assertThat(sh(script.formatted(":no.jar"))).isEqualTo(1);
        assertThat(log())
                .isEqualTo(
                        "error: AMALGAM_CLASSPATH: expected jars and folders, got nothing at 'no.jar'\n");
    }

    /** A limit of no bytes for each file stands for a full disk. */
    @Test
    void aFullDiskIsSaid() throws Exception {
        String script =
                "touch home/merge-cli/src/main/launcher/java.args\n"
                        + "(trap '' XFSZ; ulimit -f 0; home/amalgam --version 2>&1) | cat\n"
                        + "ls home/merge-cli/target | grep lock";
        assertThat(sh(script)).as(log()).isEqualTo(1);
        assertThat(log())
                .matches(
                        "error: cannot build: '.*/merge-cli/target/build.lock' cannot be written; make room on the disk\n");
    }

    @Test
    void aPlaceForAProgramThatCannotBeMadeIsSaid() throws Exception {
        String script =
                "cd home && rm -r merge-cli/target && : >merge-cli/target && ./amalgam --version";
        assertThat(sh(script)).isEqualTo(1);
        assertThat(log()).matches("error: cannot build: '.*/merge-cli/target' cannot be written\n");
    }

    @ParameterizedTest
    @ValueSource(strings = {"2>&-", "<&-", "<&- 2>&-"})
    void startsWithoutStreams(String closed) throws Exception {
        assertThat(sh("home/amalgam --version " + closed)).as(log()).isZero();
        assertThat(log()).containsPattern("(?m)^amalgam \\d");
    }

    @Test
    void withoutStandardOutputThereAreNoResults() throws Exception {
        assertThat(sh("home/amalgam --version >&-")).isEqualTo(1);
        assertThat(log()).contains("error: standard output could not take the results;");
    }

    @Test
    void aProgramWhoseBuildFailedIsNotStarted() throws Exception {
        String script =
                "cd home && printf '#!/bin/sh\\nexit 1\\n' >mvnw && chmod +x mvnw\n"
                        + "touch merge-cli/src/main/launcher/java.args\n"
                        + "./amalgam --version; ./amalgam --version";
        assertThat(sh(script)).isEqualTo(1);
        assertThat(log().lines().filter(line -> line.startsWith("error: the build failed;")))
                .hasSize(2);
    }

    @Test
    void aLocaleWithOtherCharactersStays() throws Exception {
        String script =
                "locale() { echo ISO-8859-1; }\n"
                        + "LC_ALL=de_DE\n"
                        + ". home/merge-cli/src/main/launcher/locale.sh\n"
                        + "echo \"$LC_ALL\"";
        assertThat(sh(script)).isZero();
        assertThat(log()).isEqualTo("de_DE\n");
    }

    private int sh(String script) throws IOException, InterruptedException {
        ProcessBuilder shell =
                new ProcessBuilder("sh", "-c", script)
                        .directory(folder.toFile())
                        .redirectErrorStream(true)
                        .redirectOutput(folder.resolve("log").toFile());
        shell.environment().put("JAVA_HOME", System.getProperty("java.home"));
        return shell.start().waitFor();
    }

    private String log() throws IOException {
        return new String(Files.readAllBytes(folder.resolve("log")), StandardCharsets.UTF_8);
    }
}
