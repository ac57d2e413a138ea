package io.amalgam.internal.engine;

import io.amalgam.checkpoint.OutputLayout;
import io.amalgam.checkpoint.Preparation;
import io.amalgam.engine.Cancellation;
import io.amalgam.engine.MergeListener;
import io.amalgam.error.BadInputException;
import io.amalgam.error.Problem;
import io.amalgam.internal.io.FileWrites;
import io.amalgam.kernel.Kernels;
import io.amalgam.plan.MergePlan;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.zip.CRC32C;

/**
 * Runs a plan's preparations, each with all workers. Their results lie beside the journal until the
 * merge is complete, with a checksum: one that was cut short is computed again.
 */
final class Preparations {
    private final MergePlan plan;
    private final PlanRunner runner;
    private final Kernels kernels;
    private final MergeListener listener;
    private final Cancellation cancellation;
    private final List<Problem> warnings = new ArrayList<>();

    Preparations(
            MergePlan plan,
            PlanRunner runner,
            Kernels kernels,
            MergeListener listener,
            Cancellation cancellation) {
        this.plan = plan;
        this.runner = runner;
        this.kernels = kernels;
        this.listener = listener;
        this.cancellation = cancellation;
    }

    /**
     * Runs those whose results are not in an output directory.
     *
     * @return what they warned of
     */
    List<Problem> run(Path directory) throws IOException {
        List<Preparation> all = plan.preparations();
        for (int i = 0; i < all.size(); i++) {
            Preparation each = all.get(i);
            Path kept =
                    directory
                            .resolve(OutputLayout.PARTIAL)
                            .resolve(OutputFiles.partName("preparation-" + i));
            Lent context = new Lent(each.title());
            if (!restored(each, kept, context)) {
                listener.preparing(each.title(), 0, 1);
                each.run(context);
                listener.preparing(each.title(), 1, 1);
                keep(each.save(), kept);
            }
        }
        return List.copyOf(warnings);
    }

    private static void keep(byte[] result, Path file) throws IOException {
        ByteBuffer bytes = ByteBuffer.allocate(result.length + Integer.BYTES);
        bytes.put(result).putInt(crc(result));
        FileWrites.bytes(file, bytes.array());
    }

    private static boolean restored(Preparation each, Path file, Lent context) throws IOException {
        if (!Files.exists(file)) {
            return false;
        }
        byte[] all = Files.readAllBytes(file);
        int length = all.length - Integer.BYTES;
        if (length < 0) {
            return false;
        }
        byte[] result = Arrays.copyOf(all, length);
        return ByteBuffer.wrap(all).getInt(length) == crc(result) && each.restore(result, context);
    }

    private static int crc(byte[] bytes) {
        CRC32C crc = new CRC32C();
        crc.update(bytes);
        return (int) crc.getValue();
    }

    /** Everything a preparation may use. */
    private final class Lent extends LentWorkers {
        private final String title;

        Lent(String title) {
            super(runner, kernels, cancellation);
            this.title = title;
        }

        @Override
        public void progressed(long done, long of) {
            listener.preparing(title, done, of);
        }

        @Override
        public void warn(Problem warning) {
            if (plan.options().strict()) {
                throw new BadInputException(warning);
            }
            warnings.add(warning);
            listener.warned(warning);
        }
    }
}
