package io.amalgam.internal.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import io.amalgam.engine.Cancellation;
import io.amalgam.engine.MergeCancelledException;
import io.amalgam.engine.MergeListener;
import io.amalgam.engine.MergeReport;
import io.amalgam.error.BadInputException;
import io.amalgam.plan.MergePlan;
import io.amalgam.plan.PlanOptions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Where a merge may write, and where not. */
class OutputDirectoryTest {
    @TempDir Path root;
    private Path out;

    @BeforeEach
    void models() throws IOException {
        new TestModel().floats("w", 1, 2).write(root.resolve("one"));
        new TestModel().floats("w", 3, 4).write(root.resolve("two"));
        out = root.resolve("out");
    }

    @Test
    void inputIsNeverWrittenOver() throws IOException {
        Path input = root.resolve("one");
        byte[] before = Files.readAllBytes(input.resolve("model.plain"));
        for (Options options : new Options[] {Options.DEFAULT, Options.DEFAULT.overwriting()}) {
            assertRefused(
                    input,
                    options,
                    "output '%s' is the input model '%s'; inputs are never written over: choose another output"
                            .formatted(input, input));
        }
        assertThat(input.resolve("model.plain")).hasBinaryContent(before);
        assertThat(input.resolve(".amalgam-partial")).doesNotExist();
    }

    @Test
    void inputUnderAnotherNameIsNeverWrittenOver() throws IOException {
        Path link = Files.createSymbolicLink(root.resolve("link"), root.resolve("one"));
        assertRefused(
                link, Options.DEFAULT.overwriting(), "output '" + link + "' is the input model");
    }

    @Test
    void inputWhoseWeightsAreLinksIsNeverWrittenOver() throws IOException {
        Path weights = root.resolve("one/model.plain");
        Path elsewhere = Files.createDirectories(root.resolve("blobs")).resolve("a1b2");
        Files.move(weights, elsewhere);
        Files.createSymbolicLink(weights, elsewhere);
        for (Path output : new Path[] {root.resolve("one"), root.resolve("blobs")}) {
            assertRefused(
                    output,
                    Options.DEFAULT.overwriting(),
                    "output '" + output + "' is the input model");
        }
        assertThat(weights).isSymbolicLink();
    }

    @Test
    void moduleOfAnInputIsNeverWrittenOver() throws IOException {
        Path module = Files.createDirectories(root.resolve("one/1_Pooling"));
        Files.writeString(module.resolve("config.json"), "pooling");
        Path link = Files.createSymbolicLink(root.resolve("link"), module);
        for (Path output : new Path[] {module, link}) {
            assertRefused(
                    output,
                    Options.DEFAULT.overwriting(),
                    "output '%s' is a part of the input model '%s'; inputs are never written over"
                            .formatted(output, root.resolve("one")));
        }
        assertThat(module.resolve("config.json")).hasContent("pooling");
    }

    @Test
    void linkToNothingIsRefused() throws IOException {
        Files.createSymbolicLink(out, root.resolve("gone"));
        Path link = Files.createSymbolicLink(root.resolve("loop"), Path.of("loop"));
        for (Path output : new Path[] {out, link}) {
            assertRefused(
                    output,
                    Options.DEFAULT.overwriting(),
                    "output '%s': expected a directory, got a link to nothing; choose another output"
                            .formatted(output));
            assertRefused(
                    output.resolve("sub"),
                    Options.DEFAULT,
                    "output '%s': expected a directory at '%s', got a link to nothing"
                            .formatted(output.resolve("sub"), output));
        }
        assertThat(root.resolve("gone")).doesNotExist();
    }

    @Test
    void directoryThatIsNotEmptyIsRefused() throws IOException {
        Files.createDirectories(out);
        Files.writeString(out.resolve("notes.txt"), "mine");
        for (Options options : new Options[] {Options.DEFAULT, Options.DEFAULT.resuming()}) {
            assertRefused(
                    out,
                    options,
                    "output directory '%s': expected an empty or new directory, got one with 'notes.txt'; choose another, or give EngineOptions.overwrite(true)"
                            .formatted(out));
        }
        Merges.run(Merges.LINEAR, root, out, Options.DEFAULT.overwriting());
        assertThat(out.resolve("notes.txt")).hasContent("mine");
        assertThat(out.resolve("model.plain")).exists();
    }

    @Test
    void whatFileManagersLeaveDoesNotCount() throws IOException {
        Files.createDirectories(out);
        for (String name : new String[] {".DS_Store", "Thumbs.db", "desktop.ini", ".gitkeep"}) {
            Files.writeString(out.resolve(name), "");
        }
        MergeReport report = Merges.run(Merges.LINEAR, root, out, Options.DEFAULT);
        assertThat(out.resolve("model.plain")).exists();
        assertThat(out.resolve(".DS_Store")).exists();
        assertThat(report.kept()).isEmpty();
    }

    @Test
    void fileIsRefused() throws IOException {
        Files.writeString(out, "a file");
        assertRefused(
                out,
                Options.DEFAULT.overwriting(),
                "output '%s': expected a directory, got a file; choose another output"
                        .formatted(out));
    }

    @Test
    void directoryBelowAFileIsRefused() throws IOException {
        Files.writeString(out, "a file");
        assertRefused(
                out.resolve("sub/deeper"),
                Options.DEFAULT,
                "output '%s': expected a directory at '%s', got a file; choose another output"
                        .formatted(out.resolve("sub/deeper"), out));
    }

    @Test
    void directoryThatMayNotBeWrittenIsRefused() throws IOException {
        Files.createDirectories(out);
        assertThat(out.toFile().setWritable(false)).isTrue();
        assumeFalse(Files.isWritable(out), "this user may write everywhere");
        assertRefused(out.resolve("sub"), Options.DEFAULT, "cannot be written: no permission for");
    }

    @Test
    void missingParentsAreMade() throws IOException {
        Path deep = out.resolve("a/b/c");
        Merges.run(Merges.LINEAR, root, deep, Options.DEFAULT);
        assertThat(deep.resolve("model.plain")).exists();
    }

    @Test
    void tooLittleMemoryIsRefusedBeforeAnythingIsWritten() {
        assertRefused(
                out,
                Options.DEFAULT.memory(1000),
                "memory for the buffers of 2 threads and 2 inputs: expected at least ");
        assertThat(out).doesNotExist();
    }

    @Test
    void looksAreFree() throws IOException {
        try (MergePlan plan =
                Merges.plan(Merges.recipe(Merges.LINEAR), root, PlanOptions.DEFAULT)) {
            assertThat(OutputCheck.problems(plan, out, false, false)).isEmpty();
        }
        assertThat(out).doesNotExist();
    }

    @ParameterizedTest
    @ValueSource(longs = {0, 4})
    void overwrittenModelsLeaveNoWeightsBehind(long shardBytes) throws IOException {
        new TestModel().floats("v", 1).floats("w", 1, 2).write(root.resolve("one"));
        new TestModel().floats("v", 1).floats("w", 3, 4).write(root.resolve("two"));
        for (long first : new long[] {0, 4}) {
            runSharded(first);
            runSharded(shardBytes);
            if (shardBytes == 0) {
                assertThat(out).isDirectoryNotContaining("glob:**-of-*");
                assertThat(out.resolve("model.plain.index")).doesNotExist();
                assertThat(out.resolve("model.plain")).exists();
            } else {
                assertThat(out.resolve("model.plain")).doesNotExist();
                assertThat(out.resolve("model.plain.index")).exists();
                assertThat(out.resolve("model-00001-of-00002.plain")).exists();
                assertThat(out.resolve("model-00002-of-00002.plain")).exists();
            }
        }
    }

    @Test
    void overwritingLeavesNothingOfAnEarlierModelAndAllElse() throws IOException {
        Merges.run(Merges.LINEAR, root, out, Options.DEFAULT);
        for (String name :
                new String[] {
                    "model-00001-of-00002.plain",
                    "model.plain.index",
                    "vocab.json",
                    "1_Pooling/config.json",
                    "1_notes/config.txt",
                    "model_card.plain",
                    "notes.txt"
                }) {
            Files.createDirectories(out.resolve(name).getParent());
            Files.writeString(out.resolve(name), "old");
        }
        Files.delete(root.resolve("one/tokenizer.json"));
        Files.delete(root.resolve("one/config.json"));
        String other = Merges.LINEAR.replace("0.7", "0.6");

        MergeReport report =
                Merges.run(
                        Merges.recipe(other),
                        root,
                        out,
                        Options.DEFAULT.overwriting().build().report(false));

        assertThat(names(out))
                .containsExactly("1_notes", "model.plain", "model_card.plain", "notes.txt");
        assertThat(report.kept()).containsExactly("1_notes", "model_card.plain", "notes.txt");
    }

    @Test
    void recipeMergedFromWhereItLiesStays() throws IOException {
        Merges.run(Merges.LINEAR, root, out, Options.DEFAULT);
        Merges.run(
                Merges.recipe(Merges.LINEAR),
                root,
                out,
                Options.DEFAULT.overwriting().build().report(false));
        assertThat(out.resolve("amalgam-recipe.yml")).hasContent(Merges.LINEAR);
        assertThat(out.resolve("amalgam-report.json")).doesNotExist();
    }

    @Test
    void earlierModelIsWholeUntilTheNewOneIs() throws IOException {
        Merges.run(Merges.LINEAR, root, out, Options.DEFAULT);
        List<String> before = names(out);
        byte[] weights = Files.readAllBytes(out.resolve("model.plain"));
        Path tokenizer = root.resolve("one/tokenizer.json");
        // Side files are the last thing that is read.
        MergeListener vanishing =
                new MergeListener() {
                    @Override
                    public void progressed(Progress progress) {
                        tokenizer.toFile().delete();
                    }
                };
        try (MergePlan plan =
                Merges.plan(
                        Merges.recipe(Merges.LINEAR.replace("0.7", "0.6")),
                        root,
                        PlanOptions.DEFAULT)) {
            assertThatThrownBy(
                            () ->
                                    MergeEngine.run(
                                            plan,
                                            out,
                                            Options.DEFAULT.overwriting().build(),
                                            vanishing,
                                            new Cancellation()))
                    .isInstanceOf(IOException.class);
        }
        assertThat(names(out)).containsAll(before).contains(".amalgam-partial");
        assertThat(out.resolve("model.plain")).hasBinaryContent(weights);
    }

    @Test
    void resumedOverwritingStillOverwrites() throws IOException {
        Merges.run(Merges.LINEAR, root, out, Options.DEFAULT);
        Files.writeString(out.resolve("vocab.json"), "old");
        Cancellation cancelled = new Cancellation();
        cancelled.cancel();
        assertThatThrownBy(
                        () ->
                                Merges.run(
                                        Merges.recipe(Merges.LINEAR),
                                        Merges.models(root),
                                        out,
                                        Options.DEFAULT.overwriting().build(),
                                        cancelled))
                .isInstanceOf(MergeCancelledException.class);
        assertThat(out.resolve("vocab.json")).exists();

        Merges.run(Merges.LINEAR, root, out, Options.DEFAULT.resuming());
        assertThat(out.resolve("vocab.json")).doesNotExist();
        assertThat(out.resolve("model.plain")).exists();
    }

    @Test
    void directoriesMadeForNothingGoAgain() throws IOException {
        new TestModel().floats("w", Float.NaN, 4).write(root.resolve("two"));
        assertThatThrownBy(
                        () -> Merges.run(Merges.LINEAR, root, out.resolve("a/b"), Options.DEFAULT))
                .isInstanceOf(BadInputException.class);
        assertThat(out).doesNotExist();

        Files.createDirectories(out);
        assertThatThrownBy(
                        () -> Merges.run(Merges.LINEAR, root, out.resolve("a/b"), Options.DEFAULT))
                .isInstanceOf(BadInputException.class);
        assertThat(out).isEmptyDirectory();
    }

    private static List<String> names(Path directory) throws IOException {
        try (Stream<Path> files = Files.list(directory)) {
            return files.map(file -> file.getFileName().toString()).sorted().toList();
        }
    }

    private void runSharded(long shardBytes) throws IOException {
        PlanOptions options = new PlanOptions(0, shardBytes, PlanOptions.TensorSet.SAME, false);
        try (MergePlan plan = Merges.plan(Merges.recipe(Merges.LINEAR), root, options)) {
            MergeEngine.run(
                    plan,
                    out,
                    Options.DEFAULT.overwriting().build(),
                    MergeListener.NONE,
                    new Cancellation());
        }
    }

    private void assertRefused(Path output, Options options, String message) {
        assertThatThrownBy(() -> Merges.run(Merges.LINEAR, root, output, options))
                .isInstanceOf(BadInputException.class)
                .hasMessageContaining(message);
    }
}
