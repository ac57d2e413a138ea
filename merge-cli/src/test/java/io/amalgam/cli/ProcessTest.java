package io.amalgam.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.amalgam.formats.safetensors.NamedTensor;
import java.io.File;
import java.io.IOException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** What only a process of its own shows: signals, and the launchers' options. */
@Timeout(value = 2, unit = TimeUnit.MINUTES)
class ProcessTest {
    private static final int TENSORS = 400;

    /** Names {@link SlowMethod} as a merge method. */
    private static final String PLUGIN = "src/test/plugin";

    @TempDir Path folder;
    private int started;

    /** What the process that was started last says. */
    private Path log;

    private Path slowRecipe() throws IOException {
        List<NamedTensor> tensors = new ArrayList<>();
        for (int i = 0; i < TENSORS; i++) {
            tensors.add(Models.filled("layers." + i + ".weight", i, 4));
        }
        Models.write(folder.resolve("model"), tensors, "{}");
        return Models.recipe(folder, "merge_method: slow\nmodels: [{model: model}]\n");
    }

    @Test
    void oneProcessWritesAPart() throws Exception {
        Path recipe = slowRecipe();
        Path out = folder.resolve("out");
        Path begun = folder.resolve("begun");
        Object[] part = {
            "merge", recipe, out, "--out-shard-size", "2k", "-j", "1", "--part", "1/2"
        };

        Process first = slowly(begun, part);
        while (!Files.exists(begun) && first.isAlive()) {
            TimeUnit.MILLISECONDS.sleep(10);
        }
        assertThat(here(3, part))
                .contains(
                        "error: another merge is writing part 1/2 of '%s'; wait for it to end, or run another part"
                                .formatted(out));
        assertThat(here(3, "join", out)).contains("--part 1/2'").contains("--part 2/2'");

        first.destroyForcibly().waitFor();
        here(0, part);
        part[part.length - 1] = "2/2";
        here(0, part);
        here(0, "join", out);
        Path whole = folder.resolve("whole");
        here(0, "merge", recipe, whole, "--out-shard-size", "2k");
        try (Stream<Path> files = Files.list(whole)) {
            for (Path file : files.filter(f -> f.toString().endsWith(".safetensors")).toList()) {
                assertThat(out.resolve(file.getFileName())).hasSameBinaryContentAs(file);
            }
        }
    }

    @Test
    @DisabledOnOs(value = OS.WINDOWS, disabledReason = "there is no signal to send")
    void aSignalLeavesAMergeThatCanBeResumed() throws Exception {
        Path recipe = slowRecipe();
        Path out = folder.resolve("out");
        Path begun = folder.resolve("begun");

        Process merge = slowly(begun, "merge", recipe, out, "-j", "1");
        while (!Files.exists(begun) && merge.isAlive()) {
            TimeUnit.MILLISECONDS.sleep(10);
        }
        for (String option : List.of("--dry-run", "--resume")) {
            assertThat(here(3, "merge", recipe, out, option))
                    .contains("error: another merge is writing to '" + out + "'");
        }
        merge.destroy();

        assertThat(merge.waitFor()).isEqualTo(130);
        assertThat(log)
                .content()
                .contains(
                        "error: interrupted; give the same command with --resume to continue, or with --overwrite to start again");
        assertThat(out.resolve("model.safetensors")).doesNotExist();
        assertThat(out.resolve(".amalgam-partial")).isDirectory();

        assertThat(here(3, "merge", recipe, out)).contains("continue it with --resume");

        here(0, "merge", recipe, out, "--resume");
        Path whole = folder.resolve("whole");
        here(0, "merge", recipe, whole);
        assertThat(out.resolve("model.safetensors"))
                .hasSameBinaryContentAs(whole.resolve("model.safetensors"));
        assertThat(out.resolve(".amalgam-partial")).doesNotExist();
    }

    @Test
    @DisabledOnOs(value = OS.WINDOWS, disabledReason = "there is no signal to send")
    void aSignalEndsABatchAndKeepsWhatIsDone() throws Exception {
        List<NamedTensor> tensors = new ArrayList<>();
        for (int i = 0; i < TENSORS; i++) {
            tensors.add(Models.filled("layers." + i + ".weight", i, 4));
        }
        Models.write(folder.resolve("model"), tensors, "{}");
        Path recipes = Files.createDirectory(folder.resolve("recipes"));
        String text = "merge_method: %s\nmodels: [{model: ../model}]\n";
        Files.writeString(recipes.resolve("a.yml"), text.formatted("passthrough"));
        Files.writeString(recipes.resolve("b.yml"), text.formatted("slow"));
        Files.writeString(recipes.resolve("c.yml"), text.formatted("slow"));
        Path root = folder.resolve("root");
        Path begun = folder.resolve("begun");

        Process batch = slowly(begun, "batch", recipes, root, "-j", "1");
        while (!Files.exists(begun) && batch.isAlive()) {
            TimeUnit.MILLISECONDS.sleep(10);
        }
        batch.destroy();

        assertThat(batch.waitFor()).isEqualTo(130);
        assertThat(Files.readString(root.resolve("batch.json")))
                .containsSubsequence(
                        "\"state\" : \"merged\"",
                        "\"state\" : \"interrupted\"",
                        "\"state\" : \"not_run\"");
        assertThat(root.resolve("b/model.safetensors")).doesNotExist();

        assertThat(here(0, "batch", recipes, root)).contains("2 merged, 1 unchanged");
        assertThat(root.resolve("b/model.safetensors"))
                .hasSameBinaryContentAs(root.resolve("a/model.safetensors"));
    }

    @Test
    void theLaunchersOptionsSuitThisJava() throws Exception {
        List<String> options = new ArrayList<>(List.of("@src/main/launcher/java.args"));
        if (Runtime.version().feature() >= 24) {
            options.add("@src/main/launcher/java24.args");
        }

        assertThat(java(options, "doctor").waitFor()).isZero();

        // Where there is no vector unit of 128 bits the scalar kernels are right.
        if (List.of("amd64", "x86_64", "aarch64").contains(System.getProperty("os.arch"))) {
            assertThat(log()).containsPattern("(?m)^kernels +simd-\\d+ kernels");
        }
        assertThat(log())
                .containsPattern("(?m)^nd4j +1\\.")
                .doesNotContain("CompileCommand", "[warning]", "[error]", "Unsafe", "restricted");
    }

    /** A process that takes its time, and leaves a file when it has begun. */
    private Process slowly(Path begun, Object... args) throws IOException {
        List<String> options =
                List.of(
                        "-XX:TieredStopAtLevel=1",
                        "-XX:+UseSerialGC",
                        "-Dslow.millis=50",
                        "-Dslow.begun=" + begun);
        return java(options, args);
    }

    /** What this process prints, which is quicker than to start another. */
    private static String here(int exit, Object... args) throws IOException {
        ClassLoader before = Thread.currentThread().getContextClassLoader();
        try (URLClassLoader plugins =
                new URLClassLoader(new URL[] {Path.of(PLUGIN).toUri().toURL()}, before)) {
            Thread.currentThread().setContextClassLoader(plugins);
            Cli result = Cli.run(args);
            assertThat(result.exit()).as(result.err()).isEqualTo(exit);
            return result.out() + result.err();
        } finally {
            Thread.currentThread().setContextClassLoader(before);
        }
    }

    private Process java(List<String> options, Object... args) throws IOException {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(options);
        command.add("-cp");
        command.add(PLUGIN + File.pathSeparator + System.getProperty("java.class.path"));
        command.add("io.amalgam.cli.Main");
        for (Object arg : args) {
            command.add(arg.toString());
        }
        log = folder.resolve("log-" + started++);
        return new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(log.toFile())
                .start();
    }

    private String log() throws IOException {
        return Files.readString(log);
    }
}
