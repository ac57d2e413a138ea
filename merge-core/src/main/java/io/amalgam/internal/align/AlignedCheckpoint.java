package io.amalgam.internal.align;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.amalgam.checkpoint.Checkpoint;
import io.amalgam.checkpoint.Preparation;
import io.amalgam.checkpoint.TensorSource;
import io.amalgam.internal.checkpoint.ForwardingCheckpoint;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** A model in another's order of units. Closing it closes both. */
public final class AlignedCheckpoint extends ForwardingCheckpoint {
    private static final int KEPT_LINES = 5;

    private final Checkpoint target;
    private final AlignmentRun run;
    private final boolean resized;
    private final Optional<Activations> activations;
    private final Map<String, TensorSource> tensors = new LinkedHashMap<>();

    /**
     * @param moved tensors that are read in the new order
     * @param resized whether it gets the target's widths
     */
    AlignedCheckpoint(
            Checkpoint model,
            Checkpoint target,
            AlignmentRun run,
            Map<String, TensorSource> moved,
            boolean resized,
            Optional<Activations> activations) {
        super(model);
        this.resized = resized;
        this.activations = activations;
        this.target = target;
        this.run = run;
        model.tensors()
                .forEach((name, source) -> tensors.put(name, moved.getOrDefault(name, source)));
    }

    /** The search for the order. */
    public AlignmentRun run() {
        return run;
    }

    @Override
    public Map<String, ? extends TensorSource> tensors() {
        return Collections.unmodifiableMap(tensors);
    }

    @Override
    public Optional<ObjectNode> config() {
        return resized ? target.config() : model().config();
    }

    /** What is known of its tensors is in the old order. */
    @Override
    public Map<String, ? extends TensorSource> statistics() {
        return Map.of();
    }

    @Override
    public List<Path> weightFiles() {
        return both(model().weightFiles(), target.weightFiles());
    }

    @Override
    public List<Path> places() {
        return both(model().places(), target.places());
    }

    @Override
    public List<Path> origins() {
        return both(model().origins(), target.origins());
    }

    @Override
    public List<Preparation> preparations() {
        List<Preparation> all = new ArrayList<>(model().preparations());
        all.addAll(target.preparations());
        all.add(run);
        return all;
    }

    @Override
    public long sharedBytes() {
        return model().sharedBytes() + target.sharedBytes();
    }

    @Override
    public long bytesPerReader(int elements) {
        long line = 0;
        for (TensorSource tensor : tensors.values()) {
            if (tensor instanceof MappedTensor) {
                line = Math.max(line, MappedTensor.keptElements(tensor.info()));
            }
        }
        long kept = KEPT_LINES * 2 * line * Float.BYTES;
        return kept + Math.max(model().bytesPerReader(elements), target.bytesPerReader(elements));
    }

    @Override
    public void close() throws IOException {
        try (target) {
            super.close();
        } finally {
            if (activations.isPresent()) {
                activations.get().own().close();
                activations.get().its().close();
            }
        }
    }
}
