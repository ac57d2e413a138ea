package io.amalgam.plan;

import io.amalgam.checkpoint.Checkpoint;
import io.amalgam.checkpoint.TensorSource;
import io.amalgam.error.BadInputException;
import io.amalgam.error.Problem;
import io.amalgam.layers.LayerStacks;
import io.amalgam.layers.LooseTensors;
import io.amalgam.layers.ModelParts;
import io.amalgam.layers.NameMatcher;
import io.amalgam.recipe.ModelRef;
import java.io.Closeable;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** The models of one recipe, opened once each however often they are named. */
final class OpenModels implements Closeable {
    private final ModelSource source;
    private final Problems problems;
    private final Map<ModelRef, Optional<Model>> models = new LinkedHashMap<>();

    OpenModels(ModelSource source, Problems problems) {
        this.source = source;
        this.problems = problems;
    }

    /** A model with what its tensor names say. */
    static final class Model {
        final ModelRef ref;
        final String name;
        final Checkpoint checkpoint;
        final Map<String, ? extends TensorSource> tensors;
        final LayerStacks stacks;
        private final NameMatcher matcher;
        private Optional<ModelParts> parts = Optional.empty();

        Model(ModelRef ref, Checkpoint checkpoint) {
            this.ref = ref;
            this.name = ref.toString();
            this.checkpoint = checkpoint;
            this.tensors = checkpoint.tensors();
            this.stacks = LayerStacks.of(tensors.keySet());
            this.matcher = new NameMatcher(tensors.keySet());
        }

        /** Its parts; found when first asked for. */
        ModelParts parts() {
            ModelParts found = parts.orElseGet(() -> ModelParts.of(tensors.keySet(), stacks));
            parts = Optional.of(found);
            return found;
        }

        /** This model's spelling of a tensor name. */
        Optional<String> match(String name) {
            return matcher.find(name);
        }

        /** The embedding that stands in for a missing output head, where the model ties them. */
        Optional<String> tiedTo(String head) {
            if (!LooseTensors.isHead(head)) {
                return Optional.empty();
            }
            boolean tied =
                    checkpoint
                            .config()
                            .map(config -> config.path("tie_word_embeddings").asBoolean(true))
                            .orElse(true);
            return tied
                    ? tensors.keySet().stream().filter(LooseTensors::isEmbedding).findFirst()
                    : Optional.empty();
        }
    }

    /** Opens a model; what is wrong with it is collected, and the answer then empty. */
    Optional<Model> get(ModelRef ref) {
        return models.computeIfAbsent(ref, this::open);
    }

    private Optional<Model> open(ModelRef ref) {
        try {
            return Optional.of(new Model(ref, source.open(ref)));
        } catch (BadInputException e) {
            for (Problem problem : e.problems()) {
                problems.add(problem.where().isEmpty() ? problem.at(ref.location()) : problem);
            }
            return Optional.empty();
        } catch (FileSystemException e) {
            if (String.valueOf(e.getReason()).startsWith("Too many open files")) {
                problems.add(
                        Problem.of("model '" + ref + "' cannot be read: too many open files")
                                .at(ref.location())
                                .hint("raise the limit with 'ulimit -n', or merge fewer shards")
                                .ofStorage());
                return Optional.empty();
            }
            String reason =
                    e instanceof AccessDeniedException
                            ? "no permission for '" + e.getFile() + "'"
                            : String.valueOf(e.getMessage());
            problems.add(
                    Problem.of("model '" + ref + "' cannot be read: " + reason)
                            .at(ref.location())
                            .hint("check its permissions and links"));
            return Optional.empty();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The models that could be opened, in the order they were first named. */
    List<Model> all() {
        return models.values().stream().flatMap(Optional::stream).toList();
    }

    /** All models that could be opened, in the order they were first named. */
    Map<ModelRef, Checkpoint> checkpoints() {
        Map<ModelRef, Checkpoint> all = new LinkedHashMap<>();
        models.forEach((ref, model) -> model.ifPresent(m -> all.put(ref, m.checkpoint)));
        return all;
    }

    @Override
    public void close() throws IOException {
        for (Checkpoint checkpoint : checkpoints().values()) {
            checkpoint.close();
        }
    }
}
