package io.amalgam.internal.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.amalgam.engine.Cancellation;
import io.amalgam.engine.MergeCancelledException;
import io.amalgam.engine.MergeListener;
import io.amalgam.plan.MergePlan;
import io.amalgam.plan.ModelSource;
import io.amalgam.plan.PlanOptions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A plan cut by output files: each part alone gives the bytes of the whole run. */
class PartsTest {
    private static final PlanOptions SHARDED =
            new PlanOptions(0, 1 << 12, PlanOptions.DEFAULT.tensors(), false);

    @TempDir private Path temp;

    @BeforeEach
    void models() throws IOException {
        TestModel.writeThree(temp);
    }

    private MergePlan plan(ModelSource models) throws IOException {
        return Merges.plan(Merges.recipe(Merges.TIES), models, SHARDED);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 40})
    void partsAreTheFilesOfTheWhole(int parts) throws IOException {
        Path whole = temp.resolve("whole");
        try (MergePlan plan = plan(Merges.models(temp))) {
            assertThat(plan.layout().files()).hasSizeGreaterThan(3);
            MergeEngine.run(
                    plan, whole, Options.DEFAULT.build(), MergeListener.NONE, new Cancellation());
            Set<Integer> seen = new TreeSet<>();
            List<Set<Integer>> cut = MergeEngine.parts(plan, parts);
            assertThat(cut).hasSize(parts);
            for (int part = 0; part < parts; part++) {
                Path folder = temp.resolve("part-" + part);
                MergeEngine.runPart(
                        plan,
                        cut.get(part),
                        folder,
                        Options.DEFAULT.build(),
                        SharedResults.NONE,
                        MergeListener.NONE,
                        new Cancellation());
                for (int file : cut.get(part)) {
                    assertThat(seen.add(file)).isTrue();
                }
                assertThat(names(folder)).hasSize(cut.get(part).size());
                for (String name : names(folder)) {
                    assertThat(folder.resolve(name)).hasSameBinaryContentAs(whole.resolve(name));
                }
            }
            assertThat(seen).hasSize(plan.layout().files().size());
        }
    }

    @Test
    void aPartThatWasStoppedIsResumed() throws IOException {
        Path folder = temp.resolve("part");
        Cancellation cancellation = new Cancellation();
        ModelSource watched =
                Watched.watch(
                        Merges.models(temp),
                        number -> {
                            if (number == 5) {
                                cancellation.cancel();
                            }
                        });
        try (MergePlan plan = plan(watched)) {
            Set<Integer> part = MergeEngine.parts(plan, 2).get(1);
            assertThatThrownBy(
                            () ->
                                    MergeEngine.runPart(
                                            plan,
                                            part,
                                            folder,
                                            Options.DEFAULT.build(),
                                            SharedResults.NONE,
                                            MergeListener.NONE,
                                            cancellation))
                    .isInstanceOf(MergeCancelledException.class);
            assertThat(names(folder)).isEmpty();
            MergeEngine.runPart(
                    plan,
                    part,
                    folder,
                    Options.DEFAULT.build().resume(true),
                    SharedResults.NONE,
                    MergeListener.NONE,
                    new Cancellation());
            assertThat(names(folder)).hasSize(part.size());
        }
    }

    @Test
    void anInterruptedThreadIsToldAsByAWholeRun() throws IOException {
        try (MergePlan plan = plan(Merges.models(temp))) {
            Set<Integer> part = MergeEngine.parts(plan, 2).get(0);
            Thread.currentThread().interrupt();
            assertThatThrownBy(
                            () ->
                                    MergeEngine.runPart(
                                            plan,
                                            part,
                                            temp.resolve("part"),
                                            Options.DEFAULT.build(),
                                            SharedResults.NONE,
                                            MergeListener.NONE,
                                            new Cancellation()))
                    .isInstanceOf(MergeCancelledException.class);
        } finally {
            assertThat(Thread.interrupted()).isTrue();
        }
    }

    private static List<String> names(Path folder) throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.filter(Files::isRegularFile)
                    .map(file -> file.getFileName().toString())
                    .sorted()
                    .toList();
        }
    }
}
