package io.amalgam.internal.lora.extract;

import io.amalgam.checkpoint.TensorSource;
import io.amalgam.internal.checkpoint.TensorReads;
import io.amalgam.internal.layers.NonLayerTensors;
import io.amalgam.internal.lora.Architecture;
import io.amalgam.internal.lora.ModuleTree;
import io.amalgam.internal.lora.NewAdapter;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;

/**
 * The tensors of a new adapter that are saved whole, and how PEFT gets them: a module that it can
 * wrap with all its tensors ({@code modules_to_save}), other tensors by their names alone, which
 * loading puts into the base's own, as it does with biases.
 */
final class SavedTensors {
    private static final String WEIGHT = ".weight";

    private final Map<String, Parameters.Parameter> parameters;
    private final ModuleTree tree;
    private final Optional<Architecture> architecture;
    private final Twins models;
    private final Map<String, NewAdapter.Whole> whole = new LinkedHashMap<>();
    private final Set<String> saved = new LinkedHashSet<>();
    private boolean tied;

    SavedTensors(
            Map<String, Parameters.Parameter> parameters,
            ModuleTree tree,
            Optional<Architecture> architecture,
            Twins models) {
        this.parameters = parameters;
        this.tree = tree;
        this.architecture = architecture;
        this.models = models;
    }

    /** By the modules' names. */
    Map<String, NewAdapter.Whole> tensors() {
        return whole;
    }

    /** Modules that are there with all their tensors. */
    Set<String> saved() {
        return saved;
    }

    /** Whether an embedding changes together with the head that is tied to it. */
    boolean tied() {
        return tied;
    }

    /**
     * Adds tensors that changed.
     *
     * @param factored modules with factors
     */
    void add(List<String> changed, Set<String> factored) throws IOException {
        Set<String> ends = new LinkedHashSet<>();
        for (String name : changed) {
            boolean shared = ModuleTree.leaf(ModuleTree.module(name)).equals("shared");
            if (NonLayerTensors.isEmbedding(name) && (shared || mayBeTied())) {
                ends.add(name);
            }
        }
        for (String name : changed) {
            String module = ModuleTree.module(name);
            if (ends.contains(name)) {
                continue;
            }
            if (factored.contains(module) || !canBeWrapped(module)) {
                put(name);
            } else if (saved.add(module)) {
                for (String own : tree.own(module)) {
                    put(own);
                }
            }
        }
        if (!ends.isEmpty()) {
            tied(ends);
        }
    }

    /** Adds a head that the base has not, as it is tied there. */
    void addUntied(String name) throws IOException {
        TensorSource head = models.untied().orElseThrow();
        whole.put(name, new NewAdapter.Whole(head.info().shape(), TensorReads.of(head)));
        saved.add(ModuleTree.module(name));
    }

    /** Adds a tensor that goes into the base's own. */
    void put(String name) throws IOException {
        put(name, models.tuned());
    }

    /**
     * Adds all tensors in modules that PEFT always saves for the model's task.
     *
     * @param from the model whose values are taken
     */
    void addHead(List<String> heads, Adaptable adaptable, Map<String, TensorSource> from)
            throws IOException {
        for (String name : parameters.keySet()) {
            String module = ModuleTree.module(name);
            if (!adaptable.isHead(module) || whole.containsKey(name)) {
                continue;
            }
            put(name, from);
            String top = module;
            for (String path = module; !path.isEmpty(); path = ModuleTree.module(path)) {
                top = heads.stream().anyMatch(path::endsWith) ? path : top;
            }
            saved.add(top);
        }
    }

    private void put(String name, Map<String, TensorSource> from) throws IOException {
        Parameters.Parameter parameter = Objects.requireNonNull(parameters.get(name));
        float[] values = new float[Math.toIntExact(parameter.shape().elements())];
        int at = 0;
        for (List<TensorSource> expert : parameter.tensors()) {
            for (TensorSource tensor : expert) {
                String stored = tensor.info().name();
                float[] part = TensorReads.of(Objects.requireNonNull(from.get(stored)));
                System.arraycopy(part, 0, values, at, part.length);
                at += part.length;
            }
        }
        whole.put(name, new NewAdapter.Whole(parameter.shape(), values));
    }

    /**
     * Whether PEFT can put a copy in a module's place: it is one that has a name no other module's
     * ends with, nothing in it that is adapted by itself, and all its tensors are known.
     */
    private boolean canBeWrapped(String module) {
        List<String> own = tree.own(module);
        boolean biasAlone = own.size() == 1 && own.get(0).endsWith(".bias");
        return !module.isEmpty()
                && !biasAlone
                && !module.contains(".parametrizations.")
                && !tree.isAround(module)
                && !tree.isAmbiguous(module)
                && own.stream()
                        .allMatch(
                                name ->
                                        Objects.requireNonNull(parameters.get(name))
                                                .stored()
                                                .info()
                                                .dtype()
                                                .arithmetic());
    }

    /** Whether a head that is not in the files, or is and equals the embedding, may be tied. */
    private boolean mayBeTied() {
        return models.untied().isEmpty()
                && architecture
                        .filter(a -> !a.bare())
                        .filter(a -> a.ties() && heads().stream().allMatch(this::equalsEmbedding))
                        .isPresent();
    }

    private List<String> heads() {
        return parameters.keySet().stream().filter(NonLayerTensors::isHead).toList();
    }

    private boolean equalsEmbedding(String head) {
        return copies.contains(head);
    }

    private Set<String> copies = Set.of();

    /** Tells of heads that are copies of the embedding. */
    void copies(Set<String> heads) {
        copies = heads;
    }

    /**
     * An embedding and what is tied to it. PEFT ties what it calls {@code embed_tokens} to the head
     * itself and wants both in the file; of others, and of heads with a bias of their own, it would
     * move one end, so they go into the base's own.
     */
    private void tied(Set<String> ends) throws IOException {
        tied = true;
        String embedding = ends.iterator().next();
        String module = ModuleTree.module(embedding);
        String head = (module.startsWith("language_model.") ? "language_model." : "") + "lm_head";
        boolean usual =
                ends.size() == 1
                        && parameters.keySet().stream().filter(NonLayerTensors::isEmbedding).count()
                                == 1
                        && ModuleTree.leaf(module).equals("embed_tokens")
                        && architecture.map(Architecture::generates).orElse(false)
                        && tree.own(head).stream().allMatch((head + WEIGHT)::equals)
                        && canBeWrapped(module);
        for (String end : ends) {
            put(end);
        }
        for (String copy : copies) {
            put(copy);
        }
        if (usual) {
            saved.add(module);
            whole.put(head + WEIGHT, Objects.requireNonNull(whole.get(embedding)));
        }
    }
}
