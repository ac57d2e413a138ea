package io.amalgam.contract;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import io.amalgam.checkpoint.Checkpoint;
import io.amalgam.checkpoint.TensorSource;
import io.amalgam.internal.kernel.ScalarKernels;
import io.amalgam.kernel.Workspace;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/** What every {@link Checkpoint} must do while it is open. */
final class CheckpointContract {
    private CheckpointContract() {}

    /** Elements read at a time where what that takes is measured. */
    private static final int BLOCK = 1 << 14;

    /** What a call may take that is over when it returns. */
    private static final long SLACK = 24 << 10;

    /** A read takes no more memory than the checkpoint says, beside the workspace's buffers. */
    static void checkMemory(Checkpoint checkpoint, TensorSource source) throws IOException {
        if (!source.info().dtype().arithmetic() || source.info().elements() == 0) {
            return;
        }
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        int count = (int) Math.min(BLOCK, source.info().elements());
        float[] values = new float[count];
        source.read(0, count, values, 0, new Workspace(ScalarKernels.INSTANCE, BLOCK));
        Workspace workspace = new Workspace(ScalarKernels.INSTANCE, BLOCK);
        long before = threads.getCurrentThreadAllocatedBytes();
        source.read(0, count, values, 0, workspace);
        long taken = threads.getCurrentThreadAllocatedBytes() - before;
        assertThat(taken)
                .as("bytes taken by reading %s of %s", source.getClass(), source.info())
                .isLessThanOrEqualTo(checkpoint.bytesPerReader(BLOCK) + SLACK);
    }

    static void check(Checkpoint checkpoint) {
        Map<String, ? extends TensorSource> tensors = checkpoint.tensors();
        assertThat(tensors.keySet()).isEqualTo(checkpoint.tensors().keySet());
        tensors.forEach((name, source) -> assertThat(source.info().name()).isEqualTo(name));

        assertThat(checkpoint.path()).isNotNull();
        assertThat(checkpoint.places()).contains(checkpoint.path());
        for (List<Path> files : List.of(checkpoint.weightFiles(), checkpoint.origins())) {
            assertThat(files).doesNotHaveDuplicates().allMatch(Files::isRegularFile);
        }
        for (Path side : checkpoint.sideFiles()) {
            assertThat(side).isRelative();
            assertThat(checkpoint.locate(side)).isRegularFile();
        }
        // A copy: what is done to it stays with who does it.
        checkpoint.config().ifPresent(config -> config.put("changed", true));
        checkpoint.config().ifPresent(config -> assertThat(config.has("changed")).isFalse());

        assertThat(checkpoint.sharedBytes()).isNotNegative();
        long before = 0;
        for (int elements : new int[] {64, 1 << 10, 1 << 14}) {
            long bytes = checkpoint.bytesPerReader(elements);
            assertThat(bytes).isGreaterThanOrEqualTo(before);
            before = bytes;
        }
        checkpoint
                .quantisation()
                .ifPresent(
                        quantisation -> {
                            assertThat(quantisation.name()).isNotBlank();
                            if (quantisation.readable()) {
                                assertThat(tensors.keySet()).containsAll(quantisation.weights());
                            }
                        });
    }
}
