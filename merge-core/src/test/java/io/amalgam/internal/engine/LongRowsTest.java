package io.amalgam.internal.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.amalgam.engine.Cancellation;
import io.amalgam.engine.MergeListener;
import io.amalgam.error.BadInputException;
import io.amalgam.internal.plan.MergePlanner;
import io.amalgam.method.Block;
import io.amalgam.method.MergeMethod;
import io.amalgam.method.MethodInfo;
import io.amalgam.method.MethodRegistry;
import io.amalgam.method.TensorCall;
import io.amalgam.method.TensorStep;
import io.amalgam.plainformat.PlainFile;
import io.amalgam.plainformat.PlainFile.NamedTensor;
import io.amalgam.plainformat.PlainOutput;
import io.amalgam.plan.MergePlan;
import io.amalgam.plan.PlanOptions;
import io.amalgam.tensor.Shape;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Rows longer than a block. */
class LongRowsTest {
    private static final int ROW = 20_001;
    private static final int BLOCK = 1 << 14;

    @TempDir Path root;

    /** Gives each element the length of the block it came in; matrices are taken by rows. */
    private record Lengths() implements MergeMethod {
        @Override
        public MethodInfo info() {
            return WeightedByStatistics.info("lengths");
        }

        @Override
        public TensorStep bind(TensorCall call) {
            Shape shape = call.output().shape();
            long row = shape.rank() == 2 ? shape.dim(1) : 1;
            return new TensorStep.Combine() {
                @Override
                public void combine(Block in, float[] out) {
                    Arrays.fill(out, 0, in.length(), in.length());
                }

                @Override
                public long rowLength() {
                    return row;
                }
            };
        }
    }

    private MergePlanner planner() {
        return new MergePlanner(
                MethodRegistry.of(List.of(new Lengths())),
                Merges.models(root),
                PlainOutput.DIRECTORY);
    }

    private MergePlan plan(Shape... shapes) throws IOException {
        List<NamedTensor> tensors = new ArrayList<>();
        for (Shape shape : shapes) {
            float[] values = new float[(int) shape.elements()];
            tensors.add(NamedTensor.ofFloats("t" + tensors.size(), shape, values));
        }
        Path model = Files.createDirectories(root.resolve("one"));
        PlainFile.write(model.resolve("model.plain"), tensors, Map.of());
        return planner()
                .plan(
                        Merges.recipe("merge_method: lengths\nmodels: [{model: one}]\n"),
                        PlanOptions.DEFAULT);
    }

    private void run(MergePlan plan, long memory) throws IOException {
        MergeEngine.run(
                plan,
                root.resolve("out"),
                Options.DEFAULT.memory(memory).build(),
                MergeListener.NONE,
                new Cancellation());
    }

    /** Of an input, the output and twice the input for a method's own use. */
    private static long held(long row) {
        return 4 * row * Float.BYTES;
    }

    /** Each worker keeps its block for them. */
    @Test
    void areDeclaredForEachWorker() throws IOException {
        long without;
        try (MergePlan plan = plan(Shape.of(2, BLOCK))) {
            without = MemoryNeeds.of(plan, 2).total(64 << 20);
        }
        try (MergePlan plan = plan(Shape.of(2, BLOCK), Shape.of(2, ROW), Shape.of(2, ROW - 1))) {
            MemoryNeeds needs = MemoryNeeds.of(plan, 2);
            assertThat(needs.fullTensor()).isZero();
            assertThat(needs.total(64 << 20)).isEqualTo(without + 2 * held(ROW));
        }
    }

    /** As many are worked on at a time as the memory has room for: one, or two. */
    @Test
    void longerThanAUnitAreHeldWhileTheyAreWorkedOn() throws IOException {
        int row = (int) TaskRun.UNIT + 1;
        try (MergePlan plan = plan(Shape.of(3, row), Shape.of(1, row), Shape.of(2, BLOCK))) {
            MemoryNeeds needs = MemoryNeeds.of(plan, 2);
            long least = needs.total(1 << 20);
            assertThat(needs.fullTensor()).isEqualTo(held(row));
            assertThat(needs.most(64 << 20) - needs.total(64 << 20)).isEqualTo(held(row));
            assertThatThrownBy(() -> run(plan, held(row)))
                    .isInstanceOf(BadInputException.class)
                    .hasMessageStartingWith("memory for the longest row: expected at least ")
                    .hasMessageContaining(", got " + held(row));
            run(plan, held(row) + (1 << 20));
            assertThat(least).isGreaterThan(held(row));
        }
        try (PlainFile merged = PlainFile.open(root.resolve("out/model.plain"))) {
            assertThat(merged.floats("t0")).hasSize(3 * row).containsOnly(row);
            assertThat(merged.floats("t1")).containsOnly(row);
            assertThat(merged.floats("t2")).containsOnly(BLOCK);
        }
    }

    /** Sums would have other last bits, by which worker had the long row. */
    @Test
    void blocksOfOtherTensorsStayAsLong() throws IOException {
        Path out = root.resolve("out");
        Shape[] shapes = {Shape.of(2, ROW), Shape.of(5 * BLOCK), Shape.of(9, 3000)};
        try (MergePlan plan = plan(shapes)) {
            MergeEngine.run(
                    plan,
                    out,
                    Options.DEFAULT.threads(1).build(),
                    MergeListener.NONE,
                    new Cancellation());
        }

        try (PlainFile merged = PlainFile.open(out.resolve("model.plain"))) {
            assertThat(merged.floats("t0")).containsOnly(ROW);
            assertThat(merged.floats("t1")).containsOnly(BLOCK);
            assertThat(merged.floats("t2")).containsOnly(5 * 3000, 4 * 3000);
        }
    }
}
