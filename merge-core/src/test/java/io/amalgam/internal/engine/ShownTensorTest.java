package io.amalgam.internal.engine;

import static org.assertj.core.api.Assertions.assertThat;

import io.amalgam.checkpoint.Checkpoint;
import io.amalgam.engine.Cancellation;
import io.amalgam.engine.EngineOptions;
import io.amalgam.engine.MergeListener;
import io.amalgam.internal.kernel.ScalarKernels;
import io.amalgam.kernel.Workspace;
import io.amalgam.method.Block;
import io.amalgam.plainformat.PlainModel;
import io.amalgam.plan.MergePlan;
import io.amalgam.plan.PlanOptions;
import io.amalgam.plan.TensorTask;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What an observer sees of a merge. */
class ShownTensorTest {
    @TempDir static Path root;

    @BeforeAll
    static void models() throws IOException {
        TestModel.writeThree(root);
    }

    /** Sums in the order of the elements: any other order shows in the last bits. */
    private static final class Seen {
        double inputs;
        double out;
        long elements;
        float last;
    }

    private record Observing(long bytes, Map<String, Seen> seen) implements MergeListener {
        @Override
        public Optional<Observer> observer() {
            return Optional.of(
                    new Observer() {
                        @Override
                        public long bytesHeld(int inputs, int blockElements) {
                            return bytes;
                        }

                        @Override
                        public Optional<Watch<?>> watch(TensorTask task) {
                            return Optional.of(new Sum(task.output().name(), seen));
                        }
                    });
        }
    }

    private record Sum(String name, Map<String, Seen> seen) implements MergeListener.Watch<Seen> {
        @Override
        public Seen newState() {
            return new Seen();
        }

        @Override
        public void see(Seen state, Block in, float[] out) {
            for (int i = 0; i < in.length(); i++) {
                state.inputs += in.input(0)[i];
                state.out += out[i];
                state.last = out[i];
            }
            state.elements += in.length();
        }

        @Override
        public Seen merge(Seen earlier, Seen later) {
            earlier.inputs += later.inputs;
            earlier.out += later.out;
            earlier.elements += later.elements;
            earlier.last = later.last;
            return earlier;
        }

        @Override
        public void done(Seen total) {
            synchronized (seen) {
                seen.put(name, total);
            }
        }
    }

    private static Map<String, Seen> seen(String recipe, EngineOptions options, long bytes)
            throws IOException {
        Path out = root.resolve("out" + System.nanoTime());
        Observing listener = new Observing(bytes, new TreeMap<>());
        try (MergePlan plan = Merges.plan(Merges.recipe(recipe), root, PlanOptions.DEFAULT)) {
            MergeEngine.run(plan, out, options, listener, new Cancellation());
        }
        try (Checkpoint model = PlainModel.open(out)) {
            for (Map.Entry<String, Seen> each : listener.seen().entrySet()) {
                assertStored(model, each.getKey(), each.getValue());
            }
        }
        return listener.seen();
    }

    /** The output is shown as it is stored. */
    private static void assertStored(Checkpoint model, String name, Seen seen) throws IOException {
        var source = model.tensors().get(name);
        int n = (int) source.info().elements();
        assertThat(seen.elements).as(name).isEqualTo(n);
        float[] values = new float[1];
        if (n > 0) {
            source.read(n - 1, 1, values, 0, new Workspace(ScalarKernels.INSTANCE, 16));
            assertThat(seen.last).as(name).isEqualTo(values[0]);
        }
    }

    private static EngineOptions options(int threads) {
        return EngineOptions.defaults(ScalarKernels.INSTANCE).threads(threads);
    }

    @Test
    void allIsShownInOrderWhateverTheThreadsAndTheMemory() throws IOException {
        Map<String, Seen> one = seen(Merges.TIES, options(1), 0);
        Map<String, Seen> more = seen(Merges.TIES, options(3).memory(3_000_000), 0);

        assertThat(one).hasSize(11).containsKey("model.embed_tokens.weight");
        assertThat(more.keySet()).isEqualTo(one.keySet());
        one.forEach(
                (name, seen) -> {
                    assertThat(more.get(name).out).as(name).isEqualTo(seen.out);
                    assertThat(more.get(name).inputs).as(name).isEqualTo(seen.inputs);
                });
    }

    /** Rows come in blocks whose sums would depend on memory; copies are not read. */
    @Test
    void othersAreNotShown() throws IOException {
        String rows =
                """
                merge_method: nuslerp
                models: [{model: one}, {model: two}]
                parameters: {weight: 0.6, nuslerp_flatten: false}
                """;
        assertThat(seen(rows, options(2), 0)).doesNotContainKey("model.embed_tokens.weight");
        String copy = "merge_method: passthrough\nmodels: [{model: one}]\n";
        assertThat(seen(copy, options(2), 0)).isEmpty();
    }

    @Test
    void nothingIsShownWhereThereIsNoMemoryForIt() throws IOException {
        assertThat(seen(Merges.LINEAR, options(1), Long.MAX_VALUE / 4)).isEmpty();
        assertThat(seen(Merges.LINEAR, options(1), 1)).isNotEmpty();
    }
}
