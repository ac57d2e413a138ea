package io.amalgam.internal.structure.moe;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.amalgam.internal.kernel.ScalarKernels;
import io.amalgam.kernel.Workspace;
import java.io.IOException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicIntegerArray;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class SharedRowsTest {
    private static final int ROWS = 100;

    private final ExecutorService helper = Executors.newSingleThreadExecutor();
    private final Workspace own = new Workspace(ScalarKernels.INSTANCE, 16);
    private final Workspace other = new Workspace(ScalarKernels.INSTANCE, 16);
    private final SharedRows shared = new SharedRows();

    @AfterEach
    void stop() {
        helper.shutdownNow();
    }

    private Future<Void> help() {
        return helper.submit(
                () -> {
                    shared.help(other);
                    return null;
                });
    }

    @Test
    void everyRowIsWorkedOnOnceByWhoeverIsThere() throws Exception {
        CountDownLatch helped = new CountDownLatch(1);
        Future<Void> helping = help();
        for (int matrix = 0; matrix < 3; matrix++) {
            AtomicIntegerArray times = new AtomicIntegerArray(ROWS);
            shared.run(
                    ROWS,
                    own,
                    (from, to, workspace) -> {
                        if (workspace == other) {
                            helped.countDown();
                        } else {
                            // The owner goes on only once the other has begun.
                            await(helped);
                        }
                        for (int r = from; r < to; r++) {
                            times.incrementAndGet(r);
                        }
                    });
            for (int r = 0; r < ROWS; r++) {
                assertThat(times.get(r)).as("row %d", r).isEqualTo(1);
            }
        }
        shared.end();
        helping.get();
    }

    @Test
    void nobodyNeedsToHelp() throws IOException {
        int[] rows = new int[1];
        shared.run(ROWS, own, (from, to, workspace) -> rows[0] += to - from);
        assertThat(rows[0]).isEqualTo(ROWS);
        shared.run(0, own, (from, to, workspace) -> rows[0]++);
        assertThat(rows[0]).isEqualTo(ROWS);
    }

    @Test
    void theOwnerHearsOfAHelpersFailure() {
        CountDownLatch failing = new CountDownLatch(1);
        Future<Void> helping = help();
        assertThatThrownBy(
                        () ->
                                shared.run(
                                        ROWS,
                                        own,
                                        (from, to, workspace) -> {
                                            if (workspace == other) {
                                                failing.countDown();
                                                throw new IOException("disk is gone");
                                            }
                                            await(failing);
                                        }))
                .isInstanceOf(IOException.class)
                .hasMessage("disk is gone");
        assertThatThrownBy(helping::get)
                .isInstanceOf(ExecutionException.class)
                .hasRootCauseMessage("disk is gone");
    }

    private static void await(CountDownLatch latch) throws IOException {
        try {
            latch.await();
        } catch (InterruptedException e) {
            throw new IOException(e);
        }
    }
}
