package io.amalgam.internal.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.amalgam.checkpoint.Checkpoint;
import io.amalgam.checkpoint.TensorSource;
import io.amalgam.engine.Cancellation;
import io.amalgam.engine.MergeCancelledException;
import io.amalgam.internal.kernel.ScalarKernels;
import io.amalgam.kernel.Workspace;
import io.amalgam.method.Block;
import io.amalgam.plainformat.PlainModel;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TensorScanTest {
    @TempDir private Path temp;

    /** The sum of absolute differences of two inputs, and the elements seen. */
    private static final TensorScan.Fold<double[]> DISTANCE =
            new TensorScan.Fold<>() {
                @Override
                public double[] newState() {
                    return new double[2];
                }

                @Override
                public void fold(double[] state, Block in) {
                    for (int i = 0; i < in.length(); i++) {
                        state[0] += Math.abs((double) in.input(0)[i] - in.input(1)[i]);
                        state[1]++;
                    }
                }

                @Override
                public double[] merge(double[] earlier, double[] later) {
                    return new double[] {earlier[0] + later[0], earlier[1] + later[1]};
                }
            };

    @BeforeEach
    void models() throws IOException {
        TestModel.writeThree(temp);
    }

    private static List<TensorScan.Item> pairs(Checkpoint one, Checkpoint two) {
        List<TensorScan.Item> items = new ArrayList<>();
        one.tensors()
                .forEach(
                        (name, tensor) -> {
                            TensorSource other = two.tensors().get(name);
                            if (tensor.info().dtype().arithmetic() && other != null) {
                                items.add(new TensorScan.Item(name, List.of(tensor, other)));
                            }
                        });
        return items;
    }

    @Test
    void foldsEveryItemWithAnyThreads() throws IOException {
        try (Checkpoint one = PlainModel.open(temp.resolve("one"), "one");
                Checkpoint two = PlainModel.open(temp.resolve("two"), "two")) {
            List<TensorScan.Item> items = pairs(one, two);
            assertThat(items).hasSizeGreaterThan(3);
            long[] read = new long[2];
            List<double[]> alone = scan(items, 1, read);
            assertThat(read[0]).isEqualTo(read[1]).isPositive();
            List<double[]> together = scan(items, 3, read);
            for (int i = 0; i < items.size(); i++) {
                List<TensorSource> sources = items.get(i).sources();
                assertThat(alone.get(i)[0]).isEqualTo(distance(sources.get(0), sources.get(1)));
                assertThat(together.get(i)).containsExactly(alone.get(i));
                assertThat(alone.get(i)[1]).isEqualTo(sources.get(0).info().elements());
            }
        }
    }

    private static List<double[]> scan(List<TensorScan.Item> items, int threads, long[] read)
            throws IOException {
        return TensorScan.run(
                items,
                DISTANCE,
                Options.DEFAULT.build().threads(threads),
                (bytes, of) -> {
                    read[0] = bytes;
                    read[1] = of;
                },
                new Cancellation());
    }

    /** In units of 2^18 elements, summed in order. */
    private static double distance(TensorSource a, TensorSource b) throws IOException {
        int n = (int) a.info().elements();
        float[] x = new float[n];
        float[] y = new float[n];
        Workspace workspace = new Workspace(ScalarKernels.INSTANCE, 1 << 10);
        for (int from = 0; from < n; from += 1 << 10) {
            int count = Math.min(1 << 10, n - from);
            a.read(from, count, x, from, workspace);
            b.read(from, count, y, from, workspace);
        }
        double sum = 0;
        for (int begin = 0; begin < n; begin += 1 << 18) {
            double unit = 0;
            for (int i = begin; i < Math.min(n, begin + (1 << 18)); i++) {
                unit += Math.abs((double) x[i] - y[i]);
            }
            sum = begin == 0 ? unit : sum + unit;
        }
        return sum;
    }

    @Test
    void stopsWhenAsked() throws IOException {
        try (Checkpoint one = PlainModel.open(temp.resolve("one"), "one")) {
            Cancellation cancellation = new Cancellation();
            cancellation.cancel();
            assertThatThrownBy(
                            () ->
                                    TensorScan.run(
                                            pairs(one, one),
                                            DISTANCE,
                                            Options.DEFAULT.build(),
                                            (bytes, of) -> {},
                                            cancellation))
                    .isInstanceOf(MergeCancelledException.class);
        }
    }
}
