package io.amalgam.internal.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.amalgam.checkpoint.Checkpoint;
import io.amalgam.checkpoint.Preparation;
import io.amalgam.engine.Cancellation;
import io.amalgam.engine.EngineOptions;
import io.amalgam.engine.MergeCancelledException;
import io.amalgam.engine.MergeListener;
import io.amalgam.engine.MergeReport;
import io.amalgam.error.BadInputException;
import io.amalgam.error.Problem;
import io.amalgam.internal.checkpoint.ForwardingCheckpoint;
import io.amalgam.plan.MergePlan;
import io.amalgam.plan.ModelSource;
import io.amalgam.plan.PlanOptions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicIntegerArray;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Work before the first tensor: order, workers, warnings, cancellation, resume. */
class PreparationsTest {
    private static final PlanOptions STRICT =
            new PlanOptions(
                    0, PlanOptions.DEFAULT_SHARD_BYTES, PlanOptions.DEFAULT.tensors(), true);

    @TempDir private Path temp;

    private final List<String> heard = new ArrayList<>();

    @BeforeEach
    void models() throws IOException {
        TestModel.writeThree(temp);
    }

    /** Counts, on all workers, how often each number up to 1000 was worked on. */
    private final class Counting implements Preparation {
        private final String name;
        private final long held;
        private final AtomicIntegerArray counts = new AtomicIntegerArray(1000);
        private final AtomicInteger runs = new AtomicInteger();
        private int[] result = new int[0];
        private int failAt = -1;

        Counting(String name, long held) {
            this.name = name;
            this.held = held;
        }

        @Override
        public String title() {
            return name;
        }

        @Override
        public String identity() {
            return "counting " + name;
        }

        @Override
        public long inputBytes() {
            return 11;
        }

        @Override
        public long bytesHeld(int threads) {
            return held;
        }

        @Override
        public long resultBytes() {
            return 4;
        }

        @Override
        public void run(Context context) throws IOException {
            runs.incrementAndGet();
            context.forRanges(
                    counts.length(),
                    7,
                    (from, to, workspace) -> {
                        assertThat(workspace.capacity()).isPositive();
                        for (int i = from; i < to; i++) {
                            if (i == failAt) {
                                throw new IOException("no " + i);
                            }
                            counts.incrementAndGet(i);
                        }
                    });
            result = new int[] {42};
            context.warn(Problem.of(name + " is doubtful"));
        }

        @Override
        public byte[] save() {
            return new byte[] {(byte) result[0]};
        }

        @Override
        public boolean restore(byte[] saved, Context context) {
            result = new int[] {saved[0]};
            context.warn(Problem.of(name + " is doubtful"));
            return saved[0] == 42;
        }
    }

    private ModelSource prepared(Preparation... preparations) {
        return ref -> {
            Checkpoint model = Merges.models(temp).open(ref);
            return !ref.path().equals("one")
                    ? model
                    : new ForwardingCheckpoint(model) {
                        @Override
                        public List<Preparation> preparations() {
                            return List.of(preparations);
                        }
                    };
        };
    }

    private MergePlan plan(PlanOptions options, Preparation... preparations) throws IOException {
        return Merges.plan(Merges.recipe(Merges.LINEAR), prepared(preparations), options);
    }

    private MergeReport run(MergePlan plan, EngineOptions options, Cancellation cancellation)
            throws IOException {
        MergeListener listener =
                new MergeListener() {
                    @Override
                    public void warned(Problem warning) {
                        heard.add(warning.toString());
                    }

                    @Override
                    public void preparing(String title, long done, long of) {
                        heard.add(title + " " + done + "/" + of);
                    }
                };
        return MergeEngine.run(plan, temp.resolve("out"), options, listener, cancellation);
    }

    @Test
    void theyRunInOrderOnAllWorkersAndTheirWarningsAreReported() throws IOException {
        Counting first = new Counting("first", 0);
        Counting second = new Counting("second", 0);
        try (MergePlan plan = plan(PlanOptions.DEFAULT, first, second)) {
            assertThat(plan.preparations()).containsExactly(first, second);
            MergeReport report = run(plan, Options.DEFAULT.build().threads(3), new Cancellation());
            assertThat(report.warnings().stream().map(Problem::toString))
                    .contains("first is doubtful", "second is doubtful");
        }
        for (int i = 0; i < 1000; i++) {
            assertThat(first.counts.get(i)).isEqualTo(1);
        }
        assertThat(heard)
                .containsSubsequence(
                        "first 0/1", "first is doubtful", "first 1/1", "second 0/1", "second 1/1");
        assertThat(temp.resolve("out/.amalgam-partial")).doesNotExist();
    }

    @Test
    void theyCountInThePlan() throws IOException {
        try (MergePlan plain = plan(PlanOptions.DEFAULT);
                MergePlan with = plan(PlanOptions.DEFAULT, new Counting("a", 0));
                MergePlan other = plan(PlanOptions.DEFAULT, new Counting("b", 0))) {
            assertThat(with.hash()).isNotEqualTo(plain.hash()).isNotEqualTo(other.hash());
            assertThat(with.inputBytes()).isEqualTo(plain.inputBytes() + 11);
            assertThat(MemoryNeeds.of(with, 2).total(1 << 26))
                    .isEqualTo(MemoryNeeds.of(plain, 2).total(1 << 26) + 4);
        }
    }

    @Test
    void moreMemoryThanThereIsIsRefused() throws IOException {
        try (MergePlan plan = plan(PlanOptions.DEFAULT, new Counting("a", 1L << 40))) {
            assertThatThrownBy(() -> run(plan, Options.DEFAULT.build(), new Cancellation()))
                    .isInstanceOf(BadInputException.class)
                    .hasMessageContaining("memory");
        }
        assertThat(temp.resolve("out")).doesNotExist();
    }

    @Test
    void aBudgetLargerThanTheHeapIsNoBudget() throws IOException {
        long held = 3L << 29;
        try (MergePlan plan = plan(PlanOptions.DEFAULT, new Counting("alignment", held))) {
            MemoryNeeds needs = MemoryNeeds.of(plan, 2);
            assertThat(needs.tooLittle(1L << 40, 1L << 40)).isEmpty();
            assertThat(needs.tooLittle(1L << 40, 1L << 28).orElseThrow().toString())
                    .matches(
                            "memory for the alignment: expected at least \\d+ bytes, got 268435456; start Java with -Xmx4g");
            assertThat(needs.tooLittle(1000, 1L << 40).orElseThrow().toString())
                    .contains("got 1000; raise EngineOptions.memory");
        }
    }

    @Test
    void strictTakesTheirWarningsForErrors() throws IOException {
        try (MergePlan plan = strict(plan(PlanOptions.DEFAULT, new Counting("a", 0)))) {
            assertThatThrownBy(() -> run(plan, Options.DEFAULT.build(), new Cancellation()))
                    .isInstanceOf(BadInputException.class)
                    .hasMessageContaining("a is doubtful");
        }
        assertThat(temp.resolve("out")).doesNotExist();
    }

    private static MergePlan strict(MergePlan plan) {
        return new MergePlan(
                plan.recipe(),
                plan.tasks(),
                plan.models(),
                plan.donor(),
                plan.format(),
                plan.layout(),
                plan.configChanges(),
                plan.sideFiles(),
                plan.madeFiles(),
                plan.vocabulary(),
                plan.renamings(),
                plan.preparations(),
                List.of(),
                STRICT,
                plan.hash());
    }

    @Test
    void resumeTakesOverTheirResults() throws IOException {
        Counting stopped = new Counting("a", 0);
        Cancellation cancellation = new Cancellation();
        try (MergePlan plan = cancelledAtFirstRead(cancellation, stopped)) {
            assertThatThrownBy(() -> run(plan, Options.DEFAULT.build(), cancellation))
                    .isInstanceOf(MergeCancelledException.class);
        }
        assertThat(stopped.runs).hasValue(1);
        Counting resumed = new Counting("a", 0);
        try (MergePlan plan = plan(PlanOptions.DEFAULT, resumed)) {
            MergeReport report =
                    run(plan, Options.DEFAULT.build().resume(true), new Cancellation());
            assertThat(report.warnings().toString()).contains("a is doubtful");
        }
        assertThat(resumed.runs).hasValue(0);
    }

    @Test
    void aDamagedResultIsComputedAgain() throws IOException {
        Cancellation cancellation = new Cancellation();
        try (MergePlan plan = cancelledAtFirstRead(cancellation, new Counting("a", 0))) {
            assertThatThrownBy(() -> run(plan, Options.DEFAULT.build(), cancellation))
                    .isInstanceOf(MergeCancelledException.class);
        }
        Path kept = temp.resolve("out/.amalgam-partial/preparation-0.part");
        byte[] bytes = Files.readAllBytes(kept);
        bytes[0] ^= 1;
        Files.write(kept, bytes);
        Counting again = new Counting("a", 0);
        try (MergePlan plan = plan(PlanOptions.DEFAULT, again)) {
            run(plan, Options.DEFAULT.build().resume(true), new Cancellation());
        }
        assertThat(again.runs).hasValue(1);
    }

    private MergePlan cancelledAtFirstRead(Cancellation cancellation, Preparation preparation)
            throws IOException {
        ModelSource watched =
                Watched.watch(
                        Merges.models(temp),
                        number -> {
                            if (number == 1) {
                                cancellation.cancel();
                            }
                        });
        ModelSource models =
                ref ->
                        new ForwardingCheckpoint(watched.open(ref)) {
                            @Override
                            public List<Preparation> preparations() {
                                return ref.path().equals("one") ? List.of(preparation) : List.of();
                            }
                        };
        return Merges.plan(Merges.recipe(Merges.LINEAR), models, PlanOptions.DEFAULT);
    }

    @Test
    void aFailureOnAnyWorkerStopsTheMerge() throws IOException {
        Counting failing = new Counting("a", 0);
        failing.failAt = 500;
        try (MergePlan plan = plan(PlanOptions.DEFAULT, failing)) {
            assertThatThrownBy(
                            () -> run(plan, Options.DEFAULT.build().threads(3), new Cancellation()))
                    .isInstanceOf(IOException.class)
                    .hasMessage("no 500");
        }
        assertThat(temp.resolve("out/model.plain")).doesNotExist();
    }

    @Test
    void anInterruptionStopsThem() throws IOException {
        Counting interrupted = new Counting("a", 0);
        try (MergePlan plan = plan(PlanOptions.DEFAULT, interrupted)) {
            Thread.currentThread().interrupt();
            assertThatThrownBy(() -> run(plan, Options.DEFAULT.build(), new Cancellation()))
                    .isInstanceOf(MergeCancelledException.class);
        } finally {
            assertThat(Thread.interrupted()).isTrue();
        }
    }
}
