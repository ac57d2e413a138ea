package io.amalgam.cli;

import io.amalgam.method.Block;
import io.amalgam.method.MergeMethod;
import io.amalgam.method.MethodInfo;
import io.amalgam.method.TensorCall;
import io.amalgam.method.TensorStep;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * Copies, taking its time over every block, and leaves a file when it has begun: for tests that
 * interrupt merges. At once where a process has no such settings.
 */
public final class SlowMethod implements MergeMethod {
    private static final MethodInfo INFO =
            new MethodInfo(
                    "slow",
                    "copies slowly",
                    "x",
                    MethodInfo.Base.ORDINARY,
                    1,
                    1,
                    List.of(),
                    new MethodInfo.Paper("none", "none"),
                    "time");

    @Override
    public MethodInfo info() {
        return INFO;
    }

    @Override
    public TensorStep bind(TensorCall call) {
        return (TensorStep.Combine) SlowMethod::copy;
    }

    private static void copy(Block in, float[] out) {
        System.arraycopy(in.input(0), 0, out, 0, in.length());
        try {
            String begun = System.getProperty("slow.begun");
            if (begun != null && !Files.exists(Path.of(begun))) {
                Files.writeString(Path.of(begun), "");
            }
            Thread.sleep(Integer.getInteger("slow.millis", 0));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
