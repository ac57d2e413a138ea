package io.amalgam.contract;

import static org.assertj.core.api.Assertions.assertThat;

import io.amalgam.checkpoint.StoredTensor;
import io.amalgam.checkpoint.TensorSource;
import io.amalgam.internal.kernel.ScalarKernels;
import io.amalgam.kernel.Workspace;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;

/** What every {@link TensorSource} must do. */
final class SourceContract {
    /** Elements looked at: of larger tensors the first. */
    private static final int MOST = 1 << 14;

    private static final int READERS = 3;
    private static final float GUARD = 12345.678f;

    /** Values by identity: the same identity is the same content. */
    private final Map<String, Integer> contents = new HashMap<>();

    private final Random random = new Random(3);

    /**
     * @param scope of identities: names of models mean the same in it
     */
    void check(String scope, TensorSource source) throws Exception {
        assertThat(source.storedBytes()).isNotNegative();
        assertThat(source.identity()).isNotBlank().isEqualTo(source.identity());
        source.stored()
                .ifPresent(
                        stored -> {
                            assertThat(stored.info().dtype()).isEqualTo(source.info().dtype());
                            assertThat(stored.info().shape()).isEqualTo(source.info().shape());
                        });
        if (!source.info().dtype().arithmetic()) {
            return;
        }
        int elements = (int) Math.min(source.info().elements(), MOST);
        float[] whole = new float[elements];
        boolean finite = true;
        Workspace workspace = workspace(MOST);
        if (elements > 0) {
            finite = source.read(0, elements, whole, 0, workspace);
        }
        requireFinite(finite, whole);
        // Once more with the same workspace, in pieces of one that holds little, and by several.
        ranges(source, whole, workspace);
        ranges(source, whole, workspace(64));
        concurrently(source, whole);
        if (source.stored().isPresent()) {
            StoredTensor stored = source.stored().get();
            assertThat(read(stored, elements)).as("stored").containsExactly(bits(whole));
        }
        int hash = Arrays.hashCode(bits(whole));
        Integer before = contents.put(scope + " " + source.info() + source.identity(), hash);
        assertThat(before == null || before == hash).as("identity of other content").isTrue();
    }

    private static void requireFinite(boolean said, float[] values) {
        for (float value : values) {
            if (said && !Float.isFinite(value)) {
                throw new AssertionError("said to be finite: " + value);
            }
        }
    }

    private static Workspace workspace(int capacity) {
        return new Workspace(ScalarKernels.INSTANCE, capacity);
    }

    private static int[] read(TensorSource source, int elements) throws IOException {
        float[] values = new float[elements];
        if (elements > 0) {
            source.read(0, elements, values, 0, workspace(MOST));
        }
        return bits(values);
    }

    private static int[] bits(float[] values) {
        int[] bits = new int[values.length];
        for (int i = 0; i < bits.length; i++) {
            bits[i] = Float.floatToRawIntBits(values[i]);
        }
        return bits;
    }

    /** Any range equals that range of the whole, and nothing beside it is written to. */
    private void ranges(TensorSource source, float[] whole, Workspace workspace)
            throws IOException {
        for (int i = 0; i < 6 && whole.length > 0; i++) {
            int from = i == 0 ? whole.length - 1 : random.nextInt(whole.length);
            int most = Math.min(workspace.capacity(), whole.length - from);
            range(source, whole, workspace, from, 1 + random.nextInt(most), random.nextInt(5));
        }
    }

    private static void range(
            TensorSource source, float[] whole, Workspace workspace, int from, int count, int at)
            throws IOException {
        float[] dst = new float[at + count + 3];
        Arrays.fill(dst, GUARD);
        boolean finite = source.read(from, count, dst, at, workspace);
        float[] expected = new float[dst.length];
        Arrays.fill(expected, GUARD);
        System.arraycopy(whole, from, expected, at, count);
        if (!Arrays.equals(bits(dst), bits(expected))) {
            assertThat(dst)
                    .as("elements %d to %d at %d", from, from + count, at)
                    .containsExactly(expected);
        }
        requireFinite(finite, Arrays.copyOfRange(dst, at, at + count));
    }

    private void concurrently(TensorSource source, float[] whole) throws Exception {
        ExecutorService readers = Executors.newFixedThreadPool(READERS);
        try {
            List<Future<Void>> running = new ArrayList<>();
            for (int reader = 0; reader < READERS; reader++) {
                int step = 37 + 61 * reader;
                running.add(
                        readers.submit(
                                () -> {
                                    Workspace workspace = workspace(128 + 64 * READERS);
                                    for (int from = 0; from < whole.length; from += step) {
                                        int count = Math.min(step, whole.length - from);
                                        range(source, whole, workspace, from, count, 0);
                                    }
                                    return null;
                                }));
            }
            for (Future<Void> reader : running) {
                reader.get();
            }
        } catch (ExecutionException e) {
            throw new AssertionError("read by several at once", e.getCause());
        } finally {
            readers.shutdown();
            assertThat(readers.awaitTermination(1, TimeUnit.MINUTES)).isTrue();
        }
    }
}
