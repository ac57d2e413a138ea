package io.amalgam.internal.engine;

import io.amalgam.method.ModelPass;
import java.io.IOException;

/**
 * Adds partial results of a pass over the whole model, in any order: exact counts become one state,
 * the states of tensors stay apart until {@link PassShares#total}. Needs no open files. For use by
 * one thread at a time.
 */
public final class PassSum {
    private final ModelPass.Pass<?> pass;

    PassSum(ModelPass.Pass<?> pass) {
        this.pass = pass;
    }

    /** Two partial results as one. */
    public byte[] together(byte[] one, byte[] other) throws IOException {
        return together(pass, one, other);
    }

    private static <S> byte[] together(ModelPass.Pass<S> pass, byte[] one, byte[] other)
            throws IOException {
        ModelPassRun<S> both = new ModelPassRun<>(pass);
        both.add(one);
        both.add(other);
        return both.share()
                .orElseThrow(() -> new IllegalStateException("states were stored before"));
    }
}
