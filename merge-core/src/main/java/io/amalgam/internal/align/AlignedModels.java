package io.amalgam.internal.align;

import io.amalgam.checkpoint.Checkpoint;
import io.amalgam.plan.ModelSource;
import io.amalgam.recipe.ModelRef;
import io.amalgam.recipe.ModelRef.Alignment;
import java.io.IOException;
import java.util.Optional;

/** Models with their units in the order of others, where their references say so. */
public final class AlignedModels implements ModelSource {
    private final ModelSource source;

    /**
     * @param source opens models as they are
     */
    public AlignedModels(ModelSource source) {
        this.source = source;
    }

    @Override
    public Checkpoint open(ModelRef model) throws IOException {
        Optional<Alignment> alignment = model.alignment();
        if (alignment.isEmpty()) {
            return source.open(model);
        }
        AlignOptions options = AlignOptions.of(alignment.get());
        Checkpoint moving = source.open(model.aligned(Optional.empty()));
        try {
            Checkpoint fixed = source.open(alignment.get().to());
            try {
                Optional<ModelRef> file = options.permutations().map(ModelRef::of);
                if (file.isEmpty()) {
                    return aligned(model, moving, fixed, options, Optional.empty());
                }
                try (Checkpoint permutations = source.open(file.get())) {
                    return aligned(model, moving, fixed, options, Optional.of(permutations));
                }
            } catch (IOException | RuntimeException | Error e) {
                fixed.close();
                throw e;
            }
        } catch (IOException | RuntimeException | Error e) {
            moving.close();
            throw e;
        }
    }

    private static AlignedCheckpoint aligned(
            ModelRef model,
            Checkpoint moving,
            Checkpoint fixed,
            AlignOptions options,
            Optional<Checkpoint> permutations)
            throws IOException {
        ModelRef target = model.alignment().orElseThrow().to();
        return new Aligning(model, moving, target, fixed, options, permutations).aligned();
    }

    @Override
    public ModelRef identified(ModelRef model) {
        return source.identified(model);
    }

    @Override
    public Checkpoint withAdapter(Checkpoint base, ModelRef model) throws IOException {
        return source.withAdapter(base, model);
    }
}
