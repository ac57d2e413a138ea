package io.amalgam.internal.plan;

import io.amalgam.checkpoint.Checkpoint;
import io.amalgam.checkpoint.TensorSource;
import io.amalgam.error.BadInputException;
import io.amalgam.error.Problem;
import io.amalgam.internal.layers.LayerStacks;
import io.amalgam.internal.layers.ModelParts;
import io.amalgam.internal.layers.NonLayerTensors;
import io.amalgam.internal.layers.TiedTensors;
import io.amalgam.plan.MergePlan.Renaming;
import io.amalgam.plan.ModelSource;
import io.amalgam.recipe.ModelRef;
import java.io.Closeable;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** The models of one recipe, opened once each however often they are named. */
final class OpenModels implements Closeable {
    private final ModelSource source;
    private final StatisticsFiles statistics;
    private final Problems problems;
    private final Optional<ModelRef> base;
    private final Map<ModelRef, Opened> opened = new LinkedHashMap<>();
    private final Map<ModelRef, Optional<Model>> models = new LinkedHashMap<>();

    /**
     * @param statistics which files belong to which models
     * @param base whose spelling of tensor names all others get; else the first that is opened
     */
    OpenModels(
            ModelSource source,
            Optional<ModelRef> base,
            StatisticsFiles statistics,
            Problems problems) {
        this.statistics = statistics;
        this.source = source;
        this.base = base;
        this.problems = problems;
    }

    /** A checkpoint, or what is wrong with it. */
    private record Opened(Optional<Checkpoint> checkpoint, List<Problem> wrong) {
        static Opened failed(Problem... wrong) {
            return new Opened(Optional.empty(), List.of(wrong));
        }
    }

    /** A model with what its tensor names say. */
    static final class Model {
        final ModelRef ref;
        final String name;
        final Checkpoint checkpoint;
        final Map<String, ? extends TensorSource> tensors;
        final LayerStacks stacks;
        final List<Renaming> renamings;
        private Optional<ModelParts> parts = Optional.empty();
        private Optional<Optional<TiedTensors>> tied = Optional.empty();

        /**
         * @param spelt its tensors by the names they have in the merge
         */
        Model(ModelRef ref, Checkpoint checkpoint, TensorNames spelt) {
            this.ref = ref;
            this.name = ref.toString();
            this.checkpoint = checkpoint;
            this.tensors = spelt.tensors();
            this.renamings = spelt.renamings();
            this.stacks = LayerStacks.of(tensors.keySet());
        }

        /** Its parts; found when first asked for. */
        ModelParts parts() {
            ModelParts found = parts.orElseGet(() -> ModelParts.of(tensors.keySet(), stacks));
            parts = Optional.of(found);
            return found;
        }

        /** A tensor's name where the model has it. */
        Optional<String> match(String name) {
            return tensors.containsKey(name) ? Optional.of(name) : Optional.empty();
        }

        /** What is tied to an embedding, as far as its settings say; found when first asked for. */
        Optional<TiedTensors> tied() {
            Optional<TiedTensors> found =
                    tied.orElseGet(
                            () ->
                                    TiedTensors.of(
                                            tensors, t -> t.info().shape(), checkpoint.facts()));
            tied = Optional.of(found);
            return found;
        }

        /** The embedding that stands in for a missing output head, where the model ties them. */
        Optional<String> tiedTo(String head) {
            Optional<String> found =
                    tied().filter(ends -> ends.find(head).isPresent()).map(TiedTensors::embedding);
            boolean may =
                    found.isEmpty() && NonLayerTensors.isHead(head) && checkpoint.facts().ties();
            return may ? TiedTensors.embedding(tensors.keySet()) : found;
        }
    }

    /** Opens a model; what is wrong with it is collected, and the answer then empty. */
    Optional<Model> get(ModelRef ref) {
        Optional<Model> known = models.get(ref);
        if (known != null) {
            return known;
        }
        Opened own = opened(ref);
        own.wrong.forEach(problems::add);
        Optional<Model> model = own.checkpoint.map(checkpoint -> spelt(ref, checkpoint));
        models.put(ref, model);
        return model;
    }

    /** A model with the tensor names of the base, or else of those opened before it. */
    private Model spelt(ModelRef ref, Checkpoint checkpoint) {
        List<Map<String, ? extends TensorSource>> references = new ArrayList<>();
        if (!base.equals(Optional.of(ref))) {
            // What is wrong with it is said in its turn.
            base.flatMap(its -> opened(its).checkpoint)
                    .ifPresent(its -> references.add(its.tensors()));
            all().forEach(earlier -> references.add(earlier.tensors));
        }
        return new Model(ref, checkpoint, TensorNames.of(ref, checkpoint.tensors(), references));
    }

    private Opened opened(ModelRef ref) {
        return opened.computeIfAbsent(ref, this::open);
    }

    private Opened open(ModelRef ref) {
        try {
            return new Opened(Optional.of(statistics.open(ref, source)), List.of());
        } catch (BadInputException e) {
            return Opened.failed(
                    e.problems().stream()
                            .map(p -> p.where().isEmpty() ? p.at(ref.location()) : p)
                            .toArray(Problem[]::new));
        } catch (FileSystemException e) {
            if (String.valueOf(e.getReason()).startsWith("Too many open files")) {
                return Opened.failed(
                        Problem.of("model '" + ref + "' cannot be read: too many open files")
                                .at(ref.location())
                                .hint("raise the limit with 'ulimit -n', or merge fewer shards")
                                .ofStorage());
            }
            String reason =
                    e instanceof AccessDeniedException
                            ? "no permission for '" + e.getFile() + "'"
                            : String.valueOf(e.getMessage());
            return Opened.failed(
                    Problem.of("model '" + ref + "' cannot be read: " + reason)
                            .at(ref.location())
                            .hint("check its permissions and links"));
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
        opened.forEach((ref, own) -> own.checkpoint.ifPresent(c -> all.putIfAbsent(ref, c)));
        return all;
    }

    @Override
    public void close() throws IOException {
        for (Checkpoint checkpoint : checkpoints().values()) {
            checkpoint.close();
        }
    }
}
