package io.amalgam.samples;

import static io.amalgam.Parameter.weight;

import io.amalgam.Merge;
import io.amalgam.engine.Cancellation;
import io.amalgam.engine.MergeCancelledException;
import io.amalgam.engine.MergeListener;
import io.amalgam.plan.MergePlan;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Progress, stopping a merge, and going on later. */
public final class ProgressSample {
    private ProgressSample() {}

    public static void main(String... args) throws IOException {
        Path out = args.length > 0 ? Path.of(args[0]) : Files.createTempDirectory("stopped");
        Cancellation cancellation = new Cancellation();
        MergeListener listener =
                new MergeListener() {
                    @Override
                    public void started(MergePlan plan, int resumed) {
                        System.out.printf("begins: %d tensors%n", plan.tasks().size());
                        if (resumed == 0) {
                            // As a user would, from another thread and at any time.
                            cancellation.cancel();
                        }
                    }

                    @Override
                    public void progressed(Progress p) {
                        System.out.printf("%d of %d bytes%n", p.bytesWritten(), p.bytesTotal());
                    }
                };
        try {
            soup(out).listener(listener).cancellation(cancellation).run();
        } catch (MergeCancelledException e) {
            System.out.println("stopped; a model there: " + isModel(out));
        }
        soup(out).engine(options -> options.resume(true)).run();
        System.out.println("went on; a model there: " + isModel(out));
    }

    private static Merge soup(Path out) {
        return Merge.linear()
                .folder(Digits.model("."))
                .model("soup-0", weight(0.5))
                .model("soup-1", weight(0.5))
                .to(out);
    }

    private static boolean isModel(Path out) {
        return Files.exists(out.resolve("model.safetensors"));
    }
}
