package io.amalgam.internal.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;

import io.amalgam.checkpoint.TensorSource;
import io.amalgam.internal.kernel.ScalarKernels;
import io.amalgam.kernel.Workspace;
import io.amalgam.tensor.DType;
import io.amalgam.tensor.Shape;
import io.amalgam.tensor.TensorInfo;
import java.io.IOException;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.RepetitionInfo;
import org.junit.jupiter.api.Test;

/** Views of embeddings against the rules written down once more, over random vocabularies. */
class ReindexedTensorTest {
    private static final int CAPACITY = 64;

    private final Workspace workspace = new Workspace(ScalarKernels.INSTANCE, CAPACITY);

    /** A tensor of numbers that say where they are from. */
    private record Numbers(String model, TensorInfo info) implements TensorSource {
        static Numbers of(int model, int rows, int... rest) {
            long[] dims = new long[1 + rest.length];
            dims[0] = rows;
            for (int i = 0; i < rest.length; i++) {
                dims[i + 1] = rest[i];
            }
            return new Numbers(
                    "m" + model, new TensorInfo("embed.weight", DType.F32, Shape.of(dims)));
        }

        float value(long row, long column) {
            return (model.charAt(1) - '0' + 1) * 1000 + row * 10 + column / 8f;
        }

        long width() {
            return info.elements() / info.shape().dim(0);
        }

        @Override
        public boolean read(long from, int count, float[] dst, int at, Workspace workspace) {
            assertThat(count).isLessThanOrEqualTo(workspace.capacity());
            assertThat(from + count).isLessThanOrEqualTo(info.elements());
            for (int i = 0; i < count; i++) {
                dst[at + i] = value((from + i) / width(), (from + i) % width());
            }
            return true;
        }

        @Override
        public long storedBytes() {
            return info.bytes();
        }

        @Override
        public String identity() {
            return model + ":" + info.name();
        }
    }

    private float[] read(TensorSource source, int step) throws IOException {
        float[] all = new float[Math.toIntExact(source.info().elements())];
        for (int from = 0; from < all.length; from += step) {
            source.read(from, Math.min(step, all.length - from), all, from, workspace);
        }
        return all;
    }

    @RepeatedTest(40)
    void followsTheRules(RepetitionInfo repetition) throws IOException {
        Random random = new Random(repetition.getCurrentRepetition());
        int models = 1 + random.nextInt(4);
        int size = 1 + random.nextInt(40);
        int rows = size + random.nextInt(3);
        int[] rest = random.nextBoolean() ? new int[] {1 + random.nextInt(100)} : new int[0];
        BitSet tokens = new BitSet();
        tokens.set(0, size);
        if (size > 3 && random.nextInt(3) == 0) {
            tokens.clear(2);
        }
        List<int[]> own = new ArrayList<>();
        List<Numbers> sources = new ArrayList<>();
        for (int m = 0; m < models; m++) {
            own.add(new int[size]);
            int next = 0;
            for (int id = 0; id < size; id++) {
                boolean has = tokens.get(id) && random.nextInt(3) > 0;
                own.get(m)[id] = has ? next++ : -1;
            }
            sources.add(Numbers.of(m, Math.max(1, next), rest));
        }
        int base = random.nextInt(models + 1) - 1;
        Map<Integer, RowRule> rules = new HashMap<>();
        for (int id = tokens.nextSetBit(0); id >= 0; id = tokens.nextSetBit(id + 1)) {
            if (random.nextInt(5) == 0) {
                int from = random.nextInt(models);
                Optional<RowRule.Copy> copy =
                        random.nextBoolean()
                                ? Optional.of(new RowRule.Copy(from, 0))
                                : Optional.empty();
                rules.put(id, new RowRule(copy, random.nextBoolean()));
            }
        }
        RowMap map = new RowMap(own, tokens, rows, base, rules);
        for (int m = 0; m < models; m++) {
            double[][] expected = slow(own, sources, tokens, rows, base, rules, m);
            ReindexedTensor view = new ReindexedTensor(map, m, sources);
            assertThat(view.info().shape().dim(0)).isEqualTo(rows);
            for (int step : new int[] {1, 7, CAPACITY}) {
                float[] values = read(view, step);
                for (int i = 0; i < values.length; i++) {
                    int width = values.length / rows;
                    assertThat(values[i]).isEqualTo((float) expected[i / width][i % width]);
                }
            }
        }
    }

    /** The rules, one row after the other. */
    private static double[][] slow(
            List<int[]> own,
            List<Numbers> sources,
            BitSet tokens,
            int rows,
            int base,
            Map<Integer, RowRule> rules,
            int model) {
        int width = Math.toIntExact(sources.get(0).width());
        double[][] view = new double[rows][width];
        double[] sum = new double[width];
        for (int id = 0; id < rows; id++) {
            if (!tokens.get(id)) {
                continue;
            }
            List<Integer> having = new ArrayList<>();
            for (int m = 0; m < own.size(); m++) {
                if (own.get(m)[id] >= 0) {
                    having.add(m);
                }
            }
            RowRule rule = rules.get(id);
            for (int column = 0; column < width; column++) {
                double value = 0;
                if (having.contains(model) && (rule == null || !rule.force())) {
                    value = sources.get(model).value(own.get(model)[id], column);
                } else if (rule != null) {
                    if (rule.origin().isPresent()) {
                        RowRule.Copy copy = rule.origin().get();
                        value = sources.get(copy.model()).value(copy.row(), column);
                    }
                } else if (having.size() == 1 || having.contains(base)) {
                    int from = having.size() == 1 ? having.get(0) : base;
                    value = sources.get(from).value(own.get(from)[id], column);
                } else if (!having.isEmpty()) {
                    for (int m : having) {
                        value += sources.get(m).value(own.get(m)[id], column);
                    }
                    value = (float) (value / having.size());
                }
                view[id][column] = value;
                sum[column] += value;
            }
        }
        for (int id = 0; id < rows; id++) {
            for (int column = 0; column < width && !tokens.get(id); column++) {
                view[id][column] = sum[column] / Math.max(1, tokens.cardinality());
            }
        }
        return view;
    }

    @Test
    void rowsThatStayAreNotReindexed() {
        BitSet tokens = new BitSet();
        tokens.set(0, 3);
        RowMap map =
                new RowMap(
                        List.of(new int[] {0, 1, 2}, new int[] {0, 2, 1}), tokens, 3, 0, Map.of());
        assertThat(map.isIdentity(0, 3)).isTrue();
        assertThat(map.isIdentity(0, 4)).isFalse();
        assertThat(map.isIdentity(1, 3)).isFalse();
        assertThat(map.bytesHeld()).isEqualTo(3 * 4 * 4);
    }

    @Test
    void countsTheBytesItReads() {
        BitSet tokens = new BitSet();
        tokens.set(0, 4);
        List<Numbers> sources = List.of(Numbers.of(0, 2, 5), Numbers.of(1, 2, 5));
        List<int[]> own = List.of(new int[] {1, -1, -1, 0}, new int[] {-1, 0, -1, 1});
        RowMap plain = new RowMap(own, tokens, 4, 0, Map.of());
        assertThat(new ReindexedTensor(plain, 0, sources).storedBytes()).isEqualTo(3 * 20);
        RowMap padded = new RowMap(own, tokens, 5, 0, Map.of());
        assertThat(new ReindexedTensor(padded, 0, sources).storedBytes()).isEqualTo(6 * 20);
    }

    @Test
    void describesWhichRowsItReads() {
        BitSet tokens = new BitSet();
        tokens.set(0, 2);
        List<Numbers> sources = List.of(Numbers.of(0, 2, 5));
        ReindexedTensor swapped =
                new ReindexedTensor(
                        new RowMap(List.of(new int[] {1, 0}), tokens, 2, 0, Map.of()), 0, sources);
        ReindexedTensor lacking =
                new ReindexedTensor(
                        new RowMap(List.of(new int[] {1, -1}), tokens, 2, 0, Map.of()), 0, sources);
        assertThat(swapped.identity()).startsWith("m0:embed.weight by token (");
        assertThat(swapped.identity()).isNotEqualTo(lacking.identity());
    }
}
