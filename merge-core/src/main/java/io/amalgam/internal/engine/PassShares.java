package io.amalgam.internal.engine;

import io.amalgam.method.ModelPass;
import java.io.IOException;
import java.util.Optional;

/** One pass over the whole model, as far as other parts of the merge have made it. */
final class PassShares<S> {
    private final int number;
    private final ModelPass.Pass<S> pass;
    private final ModelPassRun<S> over;
    private final SharedResults shared;

    /**
     * @param number of the pass, from 1
     */
    PassShares(int number, ModelPass.Pass<S> pass, ModelPassRun<S> over, SharedResults shared) {
        this.number = number;
        this.pass = pass;
        this.over = over;
        this.shared = shared;
    }

    /** What follows the pass, if its total is there or all shares of it are. */
    @SuppressWarnings("unchecked")
    Optional<ModelPass> next() throws IOException {
        Optional<byte[]> total = shared.read(SharedResults.pass(number));
        if (total.isPresent()) {
            return Optional.of(pass.next((S) PassState.of(total.get())));
        }
        if (shared == SharedResults.NONE || !shared.missingShares(number).isEmpty()) {
            return Optional.empty();
        }
        for (int part = 1; part <= shared.parts(); part++) {
            over.add(shared.read(SharedResults.share(number, part)).orElseThrow());
        }
        return Optional.of(total());
    }

    /** What follows, now that all tensors are read; the total is there for other parts. */
    ModelPass total() throws IOException {
        S total = over.total();
        Optional<byte[]> bytes =
                shared == SharedResults.NONE ? Optional.empty() : PassState.bytes(total);
        if (bytes.isPresent()) {
            shared.keep(SharedResults.pass(number), bytes.get());
        }
        return pass.next(total);
    }
}
