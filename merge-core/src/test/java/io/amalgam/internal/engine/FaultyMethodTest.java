package io.amalgam.internal.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.amalgam.engine.Cancellation;
import io.amalgam.engine.MergeListener;
import io.amalgam.internal.kernel.ScalarKernels;
import io.amalgam.internal.plan.MergePlanner;
import io.amalgam.method.Block;
import io.amalgam.method.MergeMethod;
import io.amalgam.method.MergeMethod.FailedException;
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
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Steps of plug-ins that would leave parts of the output unwritten, or write those of others. */
class FaultyMethodTest {
    private static final int ELEMENTS = 9;

    @TempDir Path root;

    private record Faulty(Supplier<@Nullable TensorStep> first) implements MergeMethod {
        @Override
        public MethodInfo info() {
            return WeightedByStatistics.info("faulty");
        }

        @Override
        @SuppressWarnings("NullAway") // A plug-in may not know.
        public TensorStep bind(TensorCall call) {
            return first.get();
        }
    }

    private record Counting(@Nullable TensorStep then) implements TensorStep.Reduce<int[]> {
        @Override
        public int[] newState() {
            return new int[1];
        }

        @Override
        public void fold(int[] state, Block in) {
            state[0] += in.length();
        }

        @Override
        public int[] merge(int[] earlier, int[] later) {
            earlier[0] += later[0];
            return earlier;
        }

        @Override
        @SuppressWarnings("NullAway")
        public TensorStep next(int[] total) {
            return then;
        }
    }

    private static TensorStep writing(long from, int count) {
        return new TensorStep.FullTensor() {
            @Override
            public void run(Reader reader, Writer writer) throws IOException {
                writer.write(from, new float[ELEMENTS + 1], count);
            }

            @Override
            public long bytesHeld() {
                return 0;
            }
        };
    }

    @SuppressWarnings("NullAway")
    private static final TensorStep SAMPLE = (TensorStep.Sample) reader -> null;

    private static Arguments fault(String message, @Nullable TensorStep first) {
        return Arguments.of(message, (Supplier<@Nullable TensorStep>) () -> first);
    }

    static Stream<Arguments> faults() {
        return Stream.of(
                fault("no step was returned", null),
                fault("no step was returned", new Counting(null)),
                fault("no step was returned", SAMPLE),
                fault("no step was returned", new Counting(SAMPLE)),
                fault("expected 9 elements written, got 8", writing(0, 8)),
                fault("expected elements below 9, got 10 written from 0 on", writing(0, 10)),
                fault("expected elements below 9, got 1 written from 9 on", writing(9, 1)),
                fault("expected elements below 9, got 9 written from -1 on", writing(-1, 9)));
    }

    @ParameterizedTest
    @MethodSource("faults")
    void areNamed(String message, Supplier<@Nullable TensorStep> first) throws IOException {
        Path model = Files.createDirectories(root.resolve("one"));
        NamedTensor w = NamedTensor.ofFloats("w", Shape.of(ELEMENTS), new float[ELEMENTS]);
        PlainFile.write(model.resolve("model.plain"), List.of(w), Map.of());
        MergePlanner planner =
                new MergePlanner(
                        MethodRegistry.of(List.of(new Faulty(first))),
                        Merges.models(root),
                        PlainOutput.DIRECTORY);
        Path out = root.resolve("out");
        assertThatThrownBy(
                        () -> {
                            try (MergePlan plan =
                                    planner.plan(
                                            Merges.recipe(
                                                    "merge_method: faulty\nmodels: [{model: one}]\n"),
                                            PlanOptions.DEFAULT)) {
                                MergeEngine.run(
                                        plan,
                                        out,
                                        Options.DEFAULT.build(),
                                        MergeListener.NONE,
                                        new Cancellation());
                            }
                        })
                .isInstanceOf(FailedException.class)
                .hasMessageStartingWith("method 'faulty' failed on tensor 'w': ")
                .hasMessageEndingWith(": " + message);
        assertThat(out.resolve("model.plain")).doesNotExist();
    }

    @ParameterizedTest
    @MethodSource("faults")
    void areNamedOfArrays(String message, Supplier<TensorStep> first) {
        List<float[]> inputs = List.of(new float[ELEMENTS]);
        assertThatThrownBy(() -> InMemory.run(first.get(), inputs, ScalarKernels.INSTANCE))
                .hasMessage(message);
    }
}
