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
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;

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
    private final SharedResults shared;
    private final List<Problem> warnings = new ArrayList<>();

    Preparations(
            MergePlan plan,
            PlanRunner runner,
            Kernels kernels,
            MergeListener listener,
            Cancellation cancellation,
            SharedResults shared) {
        this.plan = plan;
        this.runner = runner;
        this.kernels = kernels;
        this.listener = listener;
        this.cancellation = cancellation;
        this.shared = shared;
    }

    /**
     * Runs those whose results are neither in an output directory nor shared by another part.
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
            String name = SharedResults.preparation(i);
            if (restored(each, KeptResult.read(kept), context)
                    || restored(each, shared.read(name), context)) {
                continue;
            }
            listener.preparing(each.title(), 0, 1);
            each.run(context);
            listener.preparing(each.title(), 1, 1);
            byte[] result = each.save();
            Files.createDirectories(Objects.requireNonNull(kept.getParent()));
            FileWrites.bytes(kept, KeptResult.sealed(result));
            shared.keep(name, result);
        }
        return List.copyOf(warnings);
    }

    private static boolean restored(Preparation each, Optional<byte[]> result, Lent context) {
        return result.isPresent() && each.restore(result.get(), context);
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
