package io.amalgam.internal.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.amalgam.engine.Cancellation;
import io.amalgam.engine.MergeCancelledException;
import io.amalgam.engine.MergeListener;
import io.amalgam.engine.MergeReport;
import io.amalgam.error.BadInputException;
import io.amalgam.plan.MergePlan;
import io.amalgam.plan.PlanOptions;
import io.amalgam.recipe.Recipe;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.RepetitionInfo;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Merges that were stopped, and what becomes of them. */
class ResumeTest {
    private static final Recipe TIES = Merges.recipe(Merges.TIES);
    private static final Options RESUME = Options.DEFAULT.resuming();

    @TempDir static Path root;
    private static Path expected;
    private static long reads;

    @TempDir Path temp;
    private Path out;

    @BeforeAll
    static void mergeOnce() throws IOException {
        TestModel.writeThree(root);
        AtomicLong counted = new AtomicLong();
        Path out = root.resolve("expected");
        Merges.run(
                TIES,
                Watched.watch(Merges.models(root), counted::set),
                out,
                Options.DEFAULT.threads(1).build(),
                new Cancellation());
        expected = out.resolve("model.plain");
        reads = counted.get();
    }

    @BeforeEach
    void output() {
        out = temp.resolve("out");
    }

    @RepeatedTest(10)
    void stoppedAnywhereAndResumedGivesTheSameBytes(RepetitionInfo repetition) throws IOException {
        Random random = new Random(repetition.getCurrentRepetition());
        boolean stopped = true;
        for (int stop = 0; stopped && stop < 3; stop++) {
            stopped = stopsAt(1 + random.nextLong(reads / 2));
            if (stopped) {
                assertUnfinished();
            }
        }
        if (stopped) {
            Merges.run(TIES, root, out, RESUME.build());
        }
        assertFinished();
    }

    @Test
    void finishedTensorsAreNotComputedAgain() throws IOException {
        stopAt(reads - 10);
        MergeReport report = Merges.run(TIES, root, out, RESUME.build());
        assertThat(report.resumed()).isBetween(1, report.tensors().size() - 1);
        assertFinished();
    }

    @Test
    void unreadableInputLeavesAStateThatCanBeResumed() throws IOException {
        assertThatThrownBy(
                        () ->
                                run(
                                        number -> {
                                            if (number == reads / 2) {
                                                throw new IOException("disk is gone");
                                            }
                                        },
                                        new Cancellation()))
                .isInstanceOf(IOException.class)
                .hasMessage("disk is gone");
        assertUnfinished();
        Merges.run(TIES, root, out, RESUME.build());
        assertFinished();
    }

    @Test
    void interruptedThreadStopsTheMerge() throws IOException {
        Thread merging = Thread.currentThread();
        assertThatThrownBy(
                        () ->
                                run(
                                        number -> {
                                            if (number == reads / 2) {
                                                merging.interrupt();
                                                pause();
                                            }
                                        },
                                        new Cancellation()))
                .isInstanceOf(MergeCancelledException.class);
        Thread.interrupted();
        assertUnfinished();
        Merges.run(TIES, root, out, RESUME.build());
        assertFinished();
    }

    @Test
    void threadInterruptedBeforeTheMergeStopsIt() throws IOException {
        try (MergePlan plan = Merges.plan(TIES, Merges.models(root), PlanOptions.DEFAULT)) {
            Thread.currentThread().interrupt();
            assertThatThrownBy(
                            () ->
                                    MergeEngine.run(
                                            plan,
                                            out,
                                            RESUME.build(),
                                            MergeListener.NONE,
                                            new Cancellation()))
                    .isInstanceOf(MergeCancelledException.class);
            assertThat(Thread.currentThread().isInterrupted()).isTrue();
        } finally {
            Thread.interrupted();
        }
        Merges.run(TIES, root, out, RESUME.build());
        assertFinished();
    }

    @Test
    void finishedMergeIsNotMergedAgain() throws IOException {
        MergeReport first = Merges.run(TIES, root, out, RESUME.build());
        FileTime written = Files.getLastModifiedTime(out.resolve("model.plain"));

        MergeReport again = Merges.run(TIES, root, out, RESUME.build());

        assertThat(first.wasFinished()).isFalse();
        assertThat(again.wasFinished()).isTrue();
        assertThat(again.tensors()).isEqualTo(first.tensors());
        assertThat(again.files()).isEqualTo(first.files());
        assertThat(Files.getLastModifiedTime(out.resolve("model.plain"))).isEqualTo(written);
        assertFinished();
    }

    @Test
    void finishedMergeThatWasDamagedIsNotResumed() throws IOException {
        Merges.run(TIES, root, out, RESUME.build());
        Path weights = out.resolve("model.plain");
        byte[] bytes = Files.readAllBytes(weights);
        bytes[bytes.length - 1] ^= 1;
        Files.write(weights, bytes);

        assertThatThrownBy(() -> Merges.run(TIES, root, out, RESUME.build()))
                .isInstanceOf(BadInputException.class)
                .hasMessageContaining(
                        "the merge was finished, but 'model.plain' changed since it was written");
    }

    @Test
    void lastLineOfTheJournalCutShortCostsOneTensor() throws IOException {
        stopAt(reads - 10);
        Path journal = journal();
        String text = Files.readString(journal);
        int done = text.split("\ndone ", -1).length - 1;
        Files.writeString(journal, text.substring(0, text.length() - 4));
        MergeReport report = Merges.run(TIES, root, out, RESUME.build());
        assertThat(report.resumed()).isEqualTo(done - 1);
        assertFinished();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"", "am", "amalgam-journal 2\n", "amalgam-journal 2\nplan 00\ninp", "\0\0"})
    void journalCutShortBeforeItsBeginStartsAfresh(String text) throws IOException {
        Files.createDirectories(partial());
        Files.writeString(journal(), text);
        Files.writeString(partial().resolve("model.plain.part"), "left over");
        AtomicLong afresh = new AtomicLong();
        MergeListener listener =
                new MergeListener() {
                    @Override
                    public void startedAfresh() {
                        afresh.incrementAndGet();
                    }
                };
        try (MergePlan plan = Merges.plan(TIES, root, PlanOptions.DEFAULT)) {
            MergeReport report =
                    MergeEngine.run(plan, out, RESUME.build(), listener, new Cancellation());
            assertThat(report.resumed()).isZero();
        }
        assertThat(afresh).hasValue(1);
        assertFinished();
    }

    @Test
    void journalCutShortInADirectoryWithOtherFilesIsNoLeaveToWrite() throws IOException {
        Files.createDirectories(partial());
        Files.writeString(journal(), "amalgam-journal 2\n");
        Files.writeString(out.resolve("notes.txt"), "mine");
        assertThatThrownBy(() -> Merges.run(TIES, root, out, RESUME.build()))
                .isInstanceOf(BadInputException.class)
                .hasMessageContaining("got one with 'notes.txt'");
    }

    @Test
    void nonsenseInTheJournalIsPassedOver() throws IOException {
        stopAt(reads - 10);
        Files.writeString(
                journal(),
                "done x 00000000\ndone 1 zz\ndone 99999 0\n\n",
                StandardOpenOption.APPEND);
        Merges.run(TIES, root, out, RESUME.build());
        assertFinished();
    }

    @Test
    void damagedTensorsAreComputedAgain() throws IOException {
        stopAt(reads - 10);
        int done = Files.readString(journal()).split("\ndone ", -1).length - 1;
        Path part = partial().resolve("model.plain.part");
        try (FileChannel channel = FileChannel.open(part, StandardOpenOption.WRITE)) {
            for (long at = 8192; at < channel.size(); at += 8192) {
                channel.write(ByteBuffer.wrap(new byte[] {42, 42}), at);
            }
        }
        MergeReport report = Merges.run(TIES, root, out, RESUME.build());
        assertThat(report.resumed()).isLessThan(done);
        assertFinished();
    }

    @Test
    void partsThatWereMovedAlreadyAreFoundOrMadeAgain() throws IOException {
        stopAt(reads - 10);
        Files.move(partial().resolve("model.plain.part"), out.resolve("model.plain"));
        Merges.run(TIES, root, out, RESUME.build());
        assertFinished();
    }

    @Test
    void anotherRecipeIsRefusedAndTheStateKept() throws IOException {
        stopAt(reads - 10);
        assertThatThrownBy(() -> Merges.run(Merges.TIES.replace("0.7", "0.8"), root, out, RESUME))
                .isInstanceOf(BadInputException.class)
                .hasMessage(
                        "interrupted merge in '%s': expected the same recipe and options, got another plan; start again with EngineOptions.overwrite(true)",
                        out);
        assertUnfinished();
        assertThat(Merges.run(TIES, root, out, RESUME.build()).resumed()).isPositive();
        assertFinished();
    }

    @Test
    void withOverwriteWhatCannotBeResumedIsMergedAfresh() throws IOException {
        Options both = RESUME.overwriting();
        stopAt(reads - 10);
        assertThat(Merges.run(TIES, root, out, both.build()).resumed()).isPositive();
        assertFinished();
        MergeReport again = Merges.run(TIES, root, out, both.build());
        assertThat(again.wasFinished()).isTrue();

        Files.write(out.resolve("model.plain"), new byte[] {42}, StandardOpenOption.APPEND);
        assertThat(Merges.run(TIES, root, out, both.build()).wasFinished()).isFalse();
        assertFinished();
    }

    @Test
    void withOverwriteAnInterruptedMergeOfAnotherPlanIsGivenUp() throws IOException {
        Options both = RESUME.overwriting();
        String other = Merges.TIES.replace("0.7", "0.8");
        stopAt(reads - 10);
        assertThat(Merges.run(other, root, out, both).resumed()).isZero();
        Path afresh = temp.resolve("afresh");
        Merges.run(other, root, afresh, Options.DEFAULT);
        assertThat(out.resolve("model.plain"))
                .hasSameBinaryContentAs(afresh.resolve("model.plain"));
        assertThat(partial()).doesNotExist();
    }

    @Test
    void withOverwriteAnInterruptedMergeOfOtherInputsIsGivenUp() throws IOException {
        stopAt(reads - 10);
        Path input = root.resolve("one/model.plain");
        FileTime time = Files.getLastModifiedTime(input);
        Files.setLastModifiedTime(input, FileTime.fromMillis(time.toMillis() + 5000));
        assertThat(Merges.run(TIES, root, out, RESUME.overwriting().build()).resumed()).isZero();
        assertFinished();
        Files.setLastModifiedTime(input, time);
    }

    @Test
    void changedInputIsRefusedAndTheStateKept() throws IOException {
        stopAt(reads - 10);
        Path input = root.resolve("one/model.plain");
        FileTime time = Files.getLastModifiedTime(input);
        Files.setLastModifiedTime(input, FileTime.fromMillis(time.toMillis() + 5000));
        assertThatThrownBy(() -> Merges.run(TIES, root, out, RESUME.build()))
                .isInstanceOf(BadInputException.class)
                .hasMessageContaining("expected unchanged inputs")
                .hasMessageContaining("one")
                .hasMessageEndingWith("start again with EngineOptions.overwrite(true)");
        Files.setLastModifiedTime(input, time);
        assertThat(Merges.run(TIES, root, out, RESUME.build()).resumed()).isPositive();
        assertFinished();
    }

    @Test
    void withoutResumeAnInterruptedMergeIsRefused() throws IOException {
        stopAt(reads / 2);
        assertThatThrownBy(() -> Merges.run(TIES, root, out, Options.DEFAULT.build()))
                .isInstanceOf(BadInputException.class)
                .hasMessage(
                        "an interrupted merge is in '%s'; continue it with EngineOptions.resume(true), or start again with EngineOptions.overwrite(true)",
                        out);
        MergeReport report = Merges.run(TIES, root, out, Options.DEFAULT.overwriting().build());
        assertThat(report.resumed()).isZero();
        assertFinished();
    }

    @Test
    void resumingNothingStartsAfresh() throws IOException {
        assertThat(Merges.run(TIES, root, out, RESUME.build()).resumed()).isZero();
        assertFinished();
    }

    @Test
    void secondMergeIntoTheSameDirectoryIsRefusedAndHarmsNothing() throws IOException {
        run(
                number -> {
                    if (number == reads / 2) {
                        for (Options second :
                                List.of(Options.DEFAULT, RESUME, Options.DEFAULT.overwriting())) {
                            assertThatThrownBy(() -> Merges.run(TIES, root, out, second.build()))
                                    .isInstanceOf(BadInputException.class)
                                    .hasMessage(
                                            "another merge is writing to '%s'; wait for it to end, or choose another output directory",
                                            out);
                        }
                        assertThat(isLockedForOthers()).isTrue();
                    }
                },
                new Cancellation());
        assertFinished();
    }

    /** Asks another process: this one may lose its lock without noticing. */
    private boolean isLockedForOthers() throws IOException {
        Process other =
                new ProcessBuilder(
                                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                                "-cp",
                                System.getProperty("java.class.path"),
                                LockProbe.class.getName(),
                                journal().toString())
                        .inheritIO()
                        .start();
        try {
            return other.waitFor() == LockProbe.LOCKED;
        } catch (InterruptedException e) {
            throw new InterruptedIOException();
        }
    }

    @Test
    void sideFileThatVanishedStopsTheCommitOnly() throws IOException {
        Path tokenizer = root.resolve("base/tokenizer.json");
        byte[] content = Files.readAllBytes(tokenizer);
        assertThatThrownBy(() -> run(number -> Files.deleteIfExists(tokenizer), new Cancellation()))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("tokenizer.json");
        Files.write(tokenizer, content);
        assertUnfinished();
        MergeReport report = Merges.run(TIES, root, out, RESUME.build());
        assertThat(report.resumed()).isEqualTo(report.tensors().size());
        assertFinished();
    }

    private void run(Watched.Read read, Cancellation cancellation) throws IOException {
        Merges.run(
                TIES, Watched.watch(Merges.models(root), read), out, RESUME.build(), cancellation);
    }

    /** Begins or continues the merge and cancels it at a read. */
    private void stopAt(long read) {
        assertThat(stopsAt(read)).isTrue();
    }

    /** Whether the merge was stopped; it ends before if it has fewer reads left. */
    private boolean stopsAt(long read) {
        Cancellation cancellation = new Cancellation();
        try {
            run(
                    number -> {
                        if (number == read) {
                            cancellation.cancel();
                        }
                    },
                    cancellation);
            return false;
        } catch (MergeCancelledException e) {
            return true;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void pause() {
        try {
            Thread.sleep(300);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private Path partial() {
        return out.resolve(".amalgam-partial");
    }

    private Path journal() {
        return partial().resolve("journal");
    }

    private void assertUnfinished() {
        assertThat(out).isDirectoryNotContaining("glob:**.plain");
        assertThat(out).isDirectoryNotContaining("glob:**.json");
        assertThat(journal()).exists();
    }

    private void assertFinished() {
        assertThat(out.resolve("model.plain")).hasSameBinaryContentAs(expected);
        assertThat(out.resolve("config.json")).exists();
        assertThat(partial()).doesNotExist();
    }
}
