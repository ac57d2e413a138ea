package io.amalgam.internal.engine;

import static org.assertj.core.api.Assertions.assertThat;

import io.amalgam.engine.Cancellation;
import io.amalgam.engine.MergeListener;
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

    /** Sums would have other last bits, by which worker had the long row. */
    @Test
    void blocksOfOtherTensorsStayAsLong() throws IOException {
        Path model = Files.createDirectories(root.resolve("one"));
        PlainFile.write(
                model.resolve("model.plain"),
                List.of(
                        NamedTensor.ofFloats("a", Shape.of(2, ROW), new float[2 * ROW]),
                        NamedTensor.ofFloats("b", Shape.of(5 * BLOCK), new float[5 * BLOCK]),
                        NamedTensor.ofFloats("c", Shape.of(9, 3000), new float[9 * 3000])),
                Map.of());
        Path out = root.resolve("out");
        MergePlanner planner =
                new MergePlanner(
                        MethodRegistry.of(List.of(new Lengths())),
                        Merges.models(root),
                        PlainOutput.DIRECTORY);

        try (MergePlan plan =
                planner.plan(
                        Merges.recipe("merge_method: lengths\nmodels: [{model: one}]\n"),
                        PlanOptions.DEFAULT)) {
            MergeEngine.run(
                    plan,
                    out,
                    Options.DEFAULT.threads(1).build(),
                    MergeListener.NONE,
                    new Cancellation());
        }

        try (PlainFile merged = PlainFile.open(out.resolve("model.plain"))) {
            assertThat(merged.floats("a")).containsOnly(ROW);
            assertThat(merged.floats("b")).containsOnly(BLOCK);
            assertThat(merged.floats("c")).containsOnly(5 * 3000, 4 * 3000);
        }
    }
}
