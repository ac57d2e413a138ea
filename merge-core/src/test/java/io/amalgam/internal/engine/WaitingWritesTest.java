package io.amalgam.internal.engine;

import static org.assertj.core.api.Assertions.assertThat;

import io.amalgam.checkpoint.FileRegion;
import io.amalgam.engine.Cancellation;
import io.amalgam.engine.EngineOptions;
import io.amalgam.internal.kernel.ScalarKernels;
import io.amalgam.plan.MergePlan;
import io.amalgam.plan.PlanOptions;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.LongAdder;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Output whose file is being written to by others waits, and nothing is complete before it. */
class WaitingWritesTest {
    private static final int BLOCK = 1 << 10;

    @TempDir Path root;

    /** Tensors in memory, in a file that is often busy. */
    private static final class BusySink implements TensorSink {
        final byte[][] tensors;
        final Random random;
        final int busyOfTen;
        int refused;

        BusySink(byte[][] tensors, int busyOfTen, long seed) {
            this.tensors = tensors;
            this.busyOfTen = busyOfTen;
            this.random = new Random(seed);
        }

        @Override
        public void write(int place, long position, ByteBuffer bytes) {
            bytes.get(tensors[place], (int) position, bytes.remaining());
        }

        @Override
        public boolean tryWrite(int place, long position, ByteBuffer bytes) {
            if (random.nextInt(10) < busyOfTen) {
                refused++;
                return false;
            }
            write(place, position, bytes);
            return true;
        }

        @Override
        public void read(int place, long position, ByteBuffer into) {
            into.put(tensors[place], (int) position, into.remaining());
        }

        @Override
        public long copy(int place, long position, FileRegion from, long at, long count) {
            return 0;
        }

        @Override
        public void close() {}
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 5, 10})
    void piecesArriveWholeAndInPlaceHoweverBusyTheFileIs(int busyOfTen) throws IOException {
        byte[][] tensors = {new byte[50_000], new byte[3], new byte[40_000]};
        BusySink sink = new BusySink(tensors, busyOfTen, 1);
        CRC32C crc = new CRC32C();
        LongAdder written = new LongAdder();
        GatheredWrites writes = new GatheredWrites(sink, crc, new LongAdder(), written, BLOCK);
        Random random = new Random(2);
        CRC32C expected = new CRC32C();
        byte[][] given = new byte[tensors.length][];
        for (int place = 0; place < tensors.length; place++) {
            given[place] = new byte[tensors[place].length];
            random.nextBytes(given[place]);
            expected.update(given[place]);
            for (int at = 0; at < given[place].length; ) {
                int n = Math.min(1 + random.nextInt(2 * BLOCK), given[place].length - at);
                writes.next(place, at, n).put(given[place], at, n);
                at += n;
                assertThat(writes.ended() - writes.piecesWritten()).isBetween(0L, 1L);
            }
        }
        writes.flush();
        assertThat(tensors).isDeepEqualTo(given);
        assertThat(crc.getValue()).isEqualTo(expected.getValue());
        assertThat(written.sum()).isEqualTo(90_003);
        assertThat(writes.piecesWritten()).isEqualTo(writes.ended()).isGreaterThan(10);
        assertThat(sink.refused > 0).isEqualTo(busyOfTen > 0);
    }

    /** A tensor is reported when all of its bytes are there, with the checksum of these bytes. */
    @Test
    void noTensorIsCompleteBeforeItsLastPieceIsWritten() throws IOException {
        TestModel.writeThree(root);
        EngineOptions options =
                EngineOptions.defaults(ScalarKernels.INSTANCE).threads(2).memory(64L << 20);
        try (MergePlan plan = Merges.plan(Merges.recipe(Merges.TIES), root, PlanOptions.DEFAULT)) {
            List<TaskRun> runs = new ArrayList<>();
            byte[][] tensors = new byte[plan.tasks().size()][];
            for (int i = 0; i < tensors.length; i++) {
                runs.add(new TaskRun(i, plan.tasks().get(i)));
                tensors[i] = new byte[(int) plan.tasks().get(i).output().bytes()];
            }
            List<BusySink> sinks = new ArrayList<>();
            List<Integer> complete = new ArrayList<>();
            PlanRunner.Setup setup =
                    PlanRunner.Setup.of(
                            MemoryNeeds.of(plan, 2), options, new LongAdder(), new LongAdder());
            try (PlanRunner runner =
                    new PlanRunner(
                            setup,
                            () -> {
                                sinks.add(new BusySink(tensors, 8, sinks.size()));
                                return sinks.get(sinks.size() - 1);
                            },
                            new Cancellation(),
                            () -> {})) {
                runner.run(
                        runs,
                        run -> {
                            CRC32C there = new CRC32C();
                            there.update(tensors[run.index]);
                            assertThat(run.checksums()).containsExactly((int) there.getValue());
                            synchronized (complete) {
                                complete.add(run.index);
                            }
                        });
            }
            assertThat(complete).hasSize(tensors.length);
            assertThat(sinks.stream().mapToInt(sink -> sink.refused).sum()).isPositive();
        }
    }
}
