package io.amalgam.internal.align;

import io.amalgam.checkpoint.Checkpoint;
import io.amalgam.error.BadInputException;
import io.amalgam.plan.ModelSource;
import io.amalgam.recipe.Location;
import io.amalgam.recipe.ModelRef;
import io.amalgam.recipe.ModelRef.Alignment;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
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
        List<Checkpoint> opened = new ArrayList<>();
        try {
            Checkpoint moving = kept(source.open(model.aligned(Optional.empty())), opened);
            Checkpoint fixed = kept(source.open(alignment.get().to()), opened);
            Optional<Activations> activations = Optional.empty();
            if (options.statistics().isPresent()) {
                Location at = alignment.get().location();
                Checkpoint own = kept(file(options.statistics().get(), "statistics", at), opened);
                Checkpoint its =
                        kept(file(options.toStatistics().orElseThrow(), "statistics", at), opened);
                activations = Optional.of(new Activations(own, its));
            }
            ModelRef to = alignment.get().to();
            Aligning aligning = new Aligning(model, moving, to, fixed, options, activations);
            if (options.permutations().isEmpty()) {
                return aligning.aligned(Optional.empty());
            }
            try (Checkpoint permutations =
                    file(
                            options.permutations().get(),
                            "permutations",
                            alignment.get().location())) {
                return aligning.aligned(Optional.of(permutations));
            }
        } catch (IOException | RuntimeException | Error e) {
            for (Checkpoint each : opened) {
                each.close();
            }
            throw e;
        }
    }

    private static Checkpoint kept(Checkpoint opened, List<Checkpoint> all) {
        all.add(opened);
        return opened;
    }

    /**
     * @param what is in it
     * @param at where the recipe says so
     */
    private Checkpoint file(String path, String what, Location at) throws IOException {
        try {
            return source.open(ModelRef.of(path));
        } catch (BadInputException e) {
            throw new BadInputException(
                    e.problems().stream()
                            .map(p -> p.withWhat(p.what().replaceFirst("^model '", what + " '")))
                            .map(p -> p.where().isEmpty() ? p.at(at) : p)
                            .toList());
        }
    }

    @Override
    public void announce(Collection<ModelRef> models) throws IOException {
        source.announce(models);
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
