package io.amalgam.internal.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.amalgam.checkpoint.Checkpoint;
import io.amalgam.checkpoint.StoredTensor;
import io.amalgam.engine.Cancellation;
import io.amalgam.engine.EngineOptions;
import io.amalgam.engine.MergeCancelledException;
import io.amalgam.engine.MergeListener;
import io.amalgam.engine.MergeReport;
import io.amalgam.plainformat.PlainFile;
import io.amalgam.plainformat.PlainModel;
import io.amalgam.plan.MergePlan;
import io.amalgam.plan.PlanOptions;
import io.amalgam.recipe.Recipe;
import io.amalgam.tensor.DType;
import io.amalgam.tensor.Shape;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.util.HashSet;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Tensors that nothing is computed for: the system copies their bytes. */
class CopyTest {
    private static final Recipe ONE =
            Merges.recipe("merge_method: passthrough\nmodels: [{model: one}]\n");

    /** Halves what has mlp in its name and copies the rest. */
    private static final Recipe HALVED =
            Merges.recipe(
                    """
                    merge_method: passthrough
                    models: [{model: one}]
                    parameters: {scale: [{filter: mlp, value: 0.5}, {value: 1}]}
                    """);

    private static final PlanOptions SHARDED =
            new PlanOptions(7, 300_000, PlanOptions.TensorSet.SAME, false);
    private static final EngineOptions ALONE = Options.DEFAULT.threads(1).build();
    private static final EngineOptions RESUME = Options.DEFAULT.threads(1).resuming().build();

    /** Tensors done when a merge is stopped at the sixth copy: an empty one needs none. */
    private static final int DONE = 7;

    @TempDir static Path root;
    @TempDir Path temp;
    private Path out;

    @BeforeAll
    static void models() throws IOException {
        TestModel.writeThree(root);
    }

    @BeforeEach
    void output() {
        out = temp.resolve("out");
    }

    @Test
    void theSystemCopiesEveryByteOnce() throws IOException {
        AtomicInteger copies = new AtomicInteger();
        MergeReport report =
                run(
                        ONE,
                        (from, position, count, to) -> {
                            copies.incrementAndGet();
                            return from.transferTo(position, count, to);
                        },
                        ALONE);
        assertCopied(root.resolve("one"));
        // One tensor is empty.
        assertThat(copies).hasValue(report.tensors().size() - 1);
        try (MergePlan plan = Merges.plan(ONE, root, PlanOptions.DEFAULT)) {
            assertThat(report.bytesMoved()).isEqualTo(2 * plan.outputBytes());
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2})
    void largeTensorsAreCopiedInPieces(int threads) throws IOException {
        int[] bytes = new int[3 * DirectCopy.PIECE + 12_345];
        for (int i = 0; i < bytes.length; i++) {
            bytes[i] = i >> 16 ^ i;
        }
        Path large = temp.resolve("large");
        new TestModel().bytes("w", DType.U8, Shape.of(bytes.length), bytes).write(large);
        Recipe recipe = Merges.recipe("merge_method: passthrough\nmodels: [{model: large}]\n");
        Merges.run(recipe, temp, out, Options.DEFAULT.threads(threads).build());
        assertCopied(large);
    }

    @Test
    void copiesThatEndEarlyGoOn() throws IOException {
        run(
                ONE,
                (from, position, count, to) -> from.transferTo(position, Math.min(count, 9999), to),
                ALONE);
        assertCopied(root.resolve("one"));
    }

    @Test
    void shardsAreCopiedByAllWorkers() throws IOException {
        try (MergePlan plan = Merges.plan(ONE, root, SHARDED)) {
            assertThat(plan.layout().files()).hasSizeGreaterThan(2);
            MergeEngine.run(
                    plan,
                    out,
                    Options.DEFAULT.threads(3).build(),
                    MergeListener.NONE,
                    new Cancellation());
        }
        assertCopied(root.resolve("one"));
    }

    @Test
    void whatTheSystemRefusesIsReadAndWritten() throws IOException {
        AtomicInteger copies = new AtomicInteger();
        run(
                ONE,
                (from, position, count, to) -> {
                    copies.incrementAndGet();
                    throw new IOException("Invalid argument");
                },
                ALONE);
        assertCopied(root.resolve("one"));
        assertThat(copies).hasValue(1);
    }

    @Test
    void whatTheSystemDoesNotMoveIsReadAndWritten() throws IOException {
        run(ONE, (from, position, count, to) -> 0, ALONE);
        assertCopied(root.resolve("one"));
    }

    @Test
    void inputCutShortIsAnErrorThatNamesIt() throws IOException {
        Path cut = TestModel.ofAllKinds(1).write(temp.resolve("one"));
        AtomicInteger copies = new AtomicInteger();
        assertThatThrownBy(
                        () ->
                                run(
                                        temp,
                                        (from, position, count, to) -> {
                                            if (copies.incrementAndGet() == 3) {
                                                cut(cut.resolve("model.plain"));
                                            }
                                            return from.transferTo(position, count, to);
                                        },
                                        ALONE))
                .isInstanceOf(EOFException.class)
                .hasMessageContaining("one/model.plain': expected data up to byte")
                .hasMessageEndingWith("the file was shortened while it was read");
        assertThat(out.resolve("model.plain")).doesNotExist();
    }

    @Test
    void finishedCopiesAreComparedAndNotMadeAgain() throws IOException {
        stopAt(6);
        assertThat(journal().lines().filter(line -> line.startsWith("copied "))).hasSize(DONE);
        assertThat(journal()).doesNotContain("done");
        AtomicInteger copies = new AtomicInteger();
        MergeReport report =
                run(
                        ONE,
                        (from, position, count, to) -> {
                            copies.incrementAndGet();
                            return from.transferTo(position, count, to);
                        },
                        RESUME);
        assertThat(report.resumed()).isEqualTo(DONE);
        assertThat(copies).hasValue(report.tensors().size() - DONE);
        assertCopied(root.resolve("one"));
    }

    @Test
    void damagedCopiesAreMadeAgain() throws IOException {
        stopAt(6);
        Path part = out.resolve(".amalgam-partial/model.plain.part");
        long last;
        try (MergePlan plan = Merges.plan(ONE, root, PlanOptions.DEFAULT)) {
            last =
                    plan.layout().placements().get(0).offset()
                            + plan.tasks().get(0).output().bytes();
        }
        try (FileChannel channel = FileChannel.open(part, StandardOpenOption.WRITE)) {
            channel.write(ByteBuffer.wrap(new byte[] {42}), last - 1);
        }
        assertThat(run(ONE, FileChannel::transferTo, RESUME).resumed()).isEqualTo(DONE - 1);
        assertCopied(root.resolve("one"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"copied 0 1", "copied 0 999999999", "copied 0 x", "done 0 00000000"})
    void journalThatSaysOtherwiseCostsACopy(String line) throws IOException {
        stopAt(6);
        Files.writeString(
                out.resolve(".amalgam-partial/journal"), line + "\n", StandardOpenOption.APPEND);
        int resumed = run(ONE, FileChannel::transferTo, RESUME).resumed();
        assertThat(resumed).isEqualTo(line.endsWith("x") ? DONE : DONE - 1);
        assertCopied(root.resolve("one"));
    }

    @Test
    void reportSaysWhatWasCopiedAndHasNoChecksumOfIt() throws IOException {
        MergeReport report;
        try (MergePlan plan = Merges.plan(HALVED, root, SHARDED)) {
            report = MergeEngine.run(plan, out, ALONE, MergeListener.NONE, new Cancellation());
        }
        JsonNode json = new ObjectMapper().readTree(out.resolve("amalgam-report.json").toFile());
        Set<String> copied = new HashSet<>();
        for (JsonNode tensor : json.get("tensors")) {
            String name = tensor.get("name").textValue();
            if (name.contains("mlp")) {
                assertThat(tensor.get("crc32c").textValue()).hasSize(8);
                assertThat(tensor.has("copied_from")).isFalse();
            } else {
                assertThat(tensor.get("crc32c").isNull()).isTrue();
                assertThat(tensor.get("copied_from").textValue()).isEqualTo("one:" + name);
                copied.add(name);
            }
        }
        int sums = 0;
        for (JsonNode file : json.get("files")) {
            Path there = out.resolve(file.get("name").textValue());
            assertThat(file.get("modified_ms").longValue())
                    .isEqualTo(Files.getLastModifiedTime(there).toMillis());
            Set<String> inside = new HashSet<>(names(there));
            inside.retainAll(copied);
            Optional<String> expected =
                    inside.isEmpty() ? Optional.of(crc(there)) : Optional.empty();
            assertThat(Optional.ofNullable(file.get("crc32c").textValue())).isEqualTo(expected);
            sums += expected.isPresent() ? 1 : 0;
        }
        assertThat(sums).isBetween(1, report.files().size() - 1);
    }

    @Test
    void finishedMergesWithCopiesAreKnownByTheirTimeOfChange() throws IOException {
        Merges.run(ONE, root, out, ALONE);
        assertThat(difference(ONE)).isEmpty();
        touch(out.resolve("model.plain"));
        assertThat(difference(ONE)).hasValue("'model.plain' changed since it was written");
    }

    @Test
    void finishedMergesWithoutCopiesAreKnownByTheirChecksum() throws IOException {
        Recipe ties = Merges.recipe(Merges.TIES);
        Path weights = out.resolve("model.plain");
        Merges.run(ties, root, out, ALONE);
        touch(weights);
        assertThat(difference(ties)).isEmpty();

        FileTime time = Files.getLastModifiedTime(weights);
        try (FileChannel channel = FileChannel.open(weights, StandardOpenOption.WRITE)) {
            channel.write(ByteBuffer.wrap(new byte[] {42, 42, 42}), channel.size() - 200_000);
        }
        Files.setLastModifiedTime(weights, time);
        assertThat(difference(ties)).hasValue("'model.plain' changed since it was written");
    }

    private static void touch(Path file) throws IOException {
        FileTime time = Files.getLastModifiedTime(file);
        Files.setLastModifiedTime(file, FileTime.fromMillis(time.toMillis() + 5000));
    }

    private Optional<String> difference(Recipe recipe) throws IOException {
        try (MergePlan plan = Merges.plan(recipe, root, PlanOptions.DEFAULT)) {
            return FinishedMerge.difference(plan, out);
        }
    }

    private MergeReport run(Recipe recipe, WatchedChannel.Copy copy, EngineOptions options)
            throws IOException {
        return run(recipe, root, copy, options, new Cancellation());
    }

    private MergeReport run(Path models, WatchedChannel.Copy copy, EngineOptions options)
            throws IOException {
        return run(ONE, models, copy, options, new Cancellation());
    }

    private MergeReport run(
            Recipe recipe,
            Path models,
            WatchedChannel.Copy copy,
            EngineOptions options,
            Cancellation cancellation)
            throws IOException {
        return Merges.run(
                recipe,
                Watched.watchCopies(Merges.models(models), copy),
                out,
                options,
                cancellation);
    }

    /** Stops after so many copies of whole tensors. */
    private void stopAt(int copy) {
        Cancellation cancellation = new Cancellation();
        AtomicInteger copies = new AtomicInteger();
        assertThatThrownBy(
                        () ->
                                run(
                                        ONE,
                                        root,
                                        (from, position, count, to) -> {
                                            if (copies.incrementAndGet() == copy) {
                                                cancellation.cancel();
                                            }
                                            return from.transferTo(position, count, to);
                                        },
                                        ALONE,
                                        cancellation))
                .isInstanceOf(MergeCancelledException.class);
    }

    private String journal() throws IOException {
        return Files.readString(out.resolve(".amalgam-partial/journal"));
    }

    private static void cut(Path file) throws IOException {
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
            channel.truncate(10_000);
        }
    }

    private void assertCopied(Path model) throws IOException {
        assertThat(out.resolve(".amalgam-partial")).doesNotExist();
        try (Checkpoint source = PlainModel.open(model, "source");
                Checkpoint merged = PlainModel.open(out, "merged")) {
            assertThat(merged.tensors().keySet())
                    .containsExactlyInAnyOrderElementsOf(source.tensors().keySet());
            for (String name : source.tensors().keySet()) {
                assertThat(bytes(merged, name)).as(name).isEqualTo(bytes(source, name));
            }
        }
    }

    private static byte[] bytes(Checkpoint model, String tensor) throws IOException {
        StoredTensor stored = model.tensors().get(tensor).stored().orElseThrow();
        byte[] bytes = new byte[(int) stored.info().bytes()];
        stored.region().readFully(0, ByteBuffer.wrap(bytes));
        return bytes;
    }

    private static Set<String> names(Path file) throws IOException {
        try (PlainFile opened = PlainFile.open(file)) {
            return Set.copyOf(opened.tensors().keySet());
        }
    }

    private static String crc(Path file) throws IOException {
        CRC32C crc = new CRC32C();
        crc.update(Files.readAllBytes(file));
        return String.format("%08x", crc.getValue());
    }
}
