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
import io.amalgam.recipe.Recipe;
import io.amalgam.tensor.Shape;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What is kept of a tensor from pass to pass. */
class KeptMemoryTest {
    private static final long KEPT = 4 << 20;
    private static final int THREADS = 4;
    private static final int TENSORS = 40;

    @TempDir Path root;

    private final Set<String> kept = ConcurrentHashMap.newKeySet();
    private final AtomicInteger most = new AtomicInteger();

    /** Keeps much of each tensor, until it is written. */
    private final class Keeping implements MergeMethod {
        @Override
        public MethodInfo info() {
            return WeightedByStatistics.info("keeping");
        }

        @Override
        public TensorStep bind(TensorCall call) {
            String tensor = call.output().name();
            return new TensorStep.Reduce<int[]>() {
                @Override
                public int[] newState() {
                    return new int[1];
                }

                @Override
                public void fold(int[] state, Block in) {
                    kept.add(tensor);
                    most.accumulateAndGet(kept.size(), Math::max);
                    pause();
                }

                @Override
                public int[] merge(int[] earlier, int[] later) {
                    return earlier;
                }

                @Override
                public TensorStep next(int[] total) {
                    TensorStep.Combine copy =
                            (in, out) -> {
                                System.arraycopy(in.input(0), 0, out, 0, in.length());
                                kept.remove(tensor);
                            };
                    return copy;
                }

                @Override
                public long bytesKept(long units) {
                    return KEPT;
                }
            };
        }
    }

    /** Gives other workers the time to begin tensors too, if they may. */
    private static void pause() {
        try {
            Thread.sleep(2);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private MergePlan plan() throws IOException {
        List<NamedTensor> tensors = new ArrayList<>();
        for (int t = 0; t < TENSORS; t++) {
            tensors.add(NamedTensor.ofFloats("t" + t, Shape.of(1000), new float[1000]));
        }
        Path model = Files.createDirectories(root.resolve("one"));
        PlainFile.write(model.resolve("model.plain"), tensors, Map.of());
        return new MergePlanner(
                        MethodRegistry.of(List.of(new Keeping())),
                        Merges.models(root),
                        PlainOutput.DIRECTORY)
                .plan(
                        Merges.recipe("merge_method: keeping\nmodels: [{model: one}]\n"),
                        PlanOptions.DEFAULT);
    }

    private void run(MergePlan plan, long memory) throws IOException {
        MergeEngine.run(
                plan,
                root.resolve("out"),
                Options.DEFAULT.threads(THREADS).memory(memory).build(),
                MergeListener.NONE,
                new Cancellation());
    }

    /** No more tensors are begun than the memory has room for. */
    @ParameterizedTest
    @ValueSource(ints = {1, 2, THREADS + 1})
    void isOfAsManyTensorsAsFit(int tensors) throws IOException {
        try (MergePlan plan = plan()) {
            MemoryNeeds needs = MemoryNeeds.of(plan, THREADS);
            long one = needs.total(64 << 20);
            long memory = one + (tensors - 1) * KEPT;
            assertThat(needs.most(memory)).isEqualTo(memory);
            assertThat(needs.most(1 << 30)).isEqualTo(one + THREADS * KEPT);
            run(plan, memory);
        }
        assertThat(most.get()).isBetween(Math.min(2, tensors), tensors);
    }

    @Test
    void isRefusedBeforehandWhereThatOfOneTensorDoesNotFit() throws IOException {
        try (MergePlan plan = plan()) {
            assertThatThrownBy(() -> run(plan, KEPT))
                    .isInstanceOf(BadInputException.class)
                    .hasMessageStartingWith("memory for the largest tensor: expected at least ")
                    .hasMessageContaining(", got " + KEPT);
        }
        assertThat(most.get()).isZero();
        assertThat(root.resolve("out")).doesNotExist();
    }

    /** A bit for each element of each model, and little else. */
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void ofMasksIsDeclared(boolean equalNorms) throws IOException {
        Shape shape = Shape.of(1000, 1600);
        for (String model : List.of("base", "one", "two", "three")) {
            float[] values = new float[(int) shape.elements()];
            Path folder = Files.createDirectories(root.resolve(model));
            PlainFile.write(
                    folder.resolve("model.plain"),
                    List.of(NamedTensor.ofFloats("w", shape, values)),
                    Map.of());
        }
        Recipe recipe =
                Merges.recipe(
                        """
                        merge_method: della
                        base_model: base
                        models: [{model: one}, {model: two}, {model: three}]
                        parameters: {weight: 1, density: 0.5, epsilon: 0.1, equalize_norms: %s}
                        """
                                .formatted(equalNorms));
        try (MergePlan plan = Merges.plan(recipe, root, PlanOptions.DEFAULT)) {
            long masks = 3 * shape.elements() / 8;
            long declared = MemoryNeeds.of(plan, 2).fullTensor();
            assertThat(declared).isBetween(masks, masks + masks / 4);
        }
    }
}
