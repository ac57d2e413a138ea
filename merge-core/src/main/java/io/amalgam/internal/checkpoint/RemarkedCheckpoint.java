package io.amalgam.internal.checkpoint;

import io.amalgam.checkpoint.Checkpoint;
import io.amalgam.error.Problem;
import java.util.ArrayList;
import java.util.List;

/** A checkpoint with something to say about how it was named. */
public final class RemarkedCheckpoint extends ForwardingCheckpoint {
    private final List<Problem> remarks;

    /**
     * @param remarks said before the checkpoint's own warnings
     */
    public RemarkedCheckpoint(Checkpoint model, List<Problem> remarks) {
        super(model);
        this.remarks = List.copyOf(remarks);
    }

    @Override
    public List<Problem> warnings() {
        List<Problem> all = new ArrayList<>(remarks);
        all.addAll(super.warnings());
        return all;
    }
}
