package io.amalgam.internal.compare;

import io.amalgam.engine.Cancellation;
import io.amalgam.engine.EngineOptions;
import io.amalgam.internal.engine.TensorScan;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/**
 * Measures tensors, some thousand at a time: the sums of one tensor take far more memory than what
 * is made of them, and mixtures of experts have a hundred thousand tensors.
 */
final class TensorScans {
    private static final int TOGETHER = 2048;

    private final EngineOptions options;
    private final TensorScan.Progress progress;
    private final Cancellation cancellation;
    private final long all;
    private long before;

    /**
     * @param all bytes of everything that will be measured
     */
    TensorScans(
            EngineOptions options,
            TensorScan.Progress progress,
            Cancellation cancellation,
            long all) {
        this.options = options;
        this.progress = progress;
        this.cancellation = cancellation;
        this.all = all;
    }

    static long bytes(List<TensorScan.Item> items) {
        return items.stream()
                .flatMap(item -> item.sources().stream())
                .mapToLong(source -> source.info().bytes())
                .sum();
    }

    /**
     * In the items' order.
     *
     * @param items each with a reference and as many models
     */
    List<Measures> of(List<TensorScan.Item> items, int models) throws IOException {
        List<Measures> measured = new ArrayList<>();
        for (int from = 0; from < items.size(); from += TOGETHER) {
            List<TensorScan.Item> some =
                    items.subList(from, Math.min(items.size(), from + TOGETHER));
            long done = before;
            List<ChangeSums> sums =
                    TensorScan.run(
                            some,
                            new ChangeFold(models),
                            options,
                            (bytes, of) -> progress.read(done + bytes, all),
                            cancellation);
            for (int i = 0; i < some.size(); i++) {
                measured.add(sums.get(i).measures(some.get(i).name()));
            }
            before += bytes(some);
        }
        return measured;
    }
}
