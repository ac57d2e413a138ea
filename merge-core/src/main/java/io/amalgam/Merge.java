package io.amalgam;

import io.amalgam.checkpoint.Checkpoint;
import io.amalgam.engine.Cancellation;
import io.amalgam.engine.EngineOptions;
import io.amalgam.engine.MergeCancelledException;
import io.amalgam.engine.MergeListener;
import io.amalgam.engine.MergeReport;
import io.amalgam.error.BadInputException;
import io.amalgam.internal.engine.MergeEngine;
import io.amalgam.internal.recipe.RecipeWriter;
import io.amalgam.method.MergeMethod;
import io.amalgam.plan.MergePlan;
import io.amalgam.plan.ModelSource;
import io.amalgam.plan.PlanOptions;
import io.amalgam.recipe.Location;
import io.amalgam.recipe.ModelEntry;
import io.amalgam.recipe.ModelRef;
import io.amalgam.recipe.ModuleSection;
import io.amalgam.recipe.OutputSlice;
import io.amalgam.recipe.OutputSlice.LayerSource;
import io.amalgam.recipe.ParameterValue;
import io.amalgam.recipe.Parameters;
import io.amalgam.recipe.Recipe;
import io.amalgam.tensor.DType;
import java.io.IOException;
import java.nio.channels.ClosedByInterruptException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.function.BiFunction;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * A merge recipe in code:
 *
 * <pre>{@code
 * MergeReport report =
 *         Merge.ties()
 *                 .base("models/base")
 *                 .model("models/chat", weight(0.5), density(0.2))
 *                 .model("models/code", weight(0.3), density(1, 0.5))
 *                 .with(normalize(true))
 *                 .to(Path.of("merged"))
 *                 .run();
 * }</pre>
 *
 * <p>{@link #recipe()} equals the recipe in the YAML of {@link #yaml()}, and merges to the same
 * bytes. Models are paths or arrays; the result is written to a directory or returned as arrays.
 * Without arrays the merge streams in fixed memory. Any method can be used: built-in ones, those
 * found by {@link java.util.ServiceLoader}, or an instance passed to {@link #method(MergeMethod)}.
 * Formulas and papers are in docs/methods.md.
 *
 * <p>Setters return this object. Not thread-safe; merging does not change it.
 */
public final class Merge {
    private final String method;
    private final Amalgam amalgam;
    private final List<ModelEntry> models = new ArrayList<>();
    private final List<OutputSlice> slices = new ArrayList<>();
    private final Map<String, ModuleSection> modules = new LinkedHashMap<>();
    private final Map<String, ParameterValue> shared = new LinkedHashMap<>();
    private final Map<String, ArrayModel> arrays = new LinkedHashMap<>();
    private final List<Path> folders = new ArrayList<>(List.of(Path.of("")));
    private Optional<ModelRef> base = Optional.empty();
    private Optional<DType> dtype = Optional.empty();
    private Optional<DType> outDtype = Optional.empty();
    private PlanOptions planOptions = PlanOptions.DEFAULT;
    private EngineOptions engineOptions = Amalgam.engine();
    private MergeListener listener = MergeListener.NONE;
    private Cancellation cancellation = new Cancellation();
    private Optional<Path> out = Optional.empty();

    private Merge(String method, Amalgam amalgam) {
        this.method = method;
        this.amalgam = amalgam;
    }

    /** A merge by a recipe file, as with {@code amalgam merge}. */
    public static RecipeMerge recipe(Path file) {
        return new RecipeMerge(Objects.requireNonNull(file, "file"));
    }

    /**
     * A merge with a named method.
     *
     * @throws BadInputException if there is no such method; the message suggests the nearest name
     */
    public static Merge method(String name) {
        Objects.requireNonNull(name, "name");
        Amalgam amalgam = Amalgam.load();
        return new Merge(amalgam.methods().get(name).info().name(), amalgam);
    }

    /**
     * A merge with a custom method.
     *
     * @throws BadInputException if another method has its name
     */
    public static Merge method(MergeMethod own) {
        Objects.requireNonNull(own, "own");
        return new Merge(own.info().name(), Amalgam.load().with(own));
    }

    /**
     * Weighted average: {@code weight} for each model; {@code normalize}. Wortsman et al. 2022, <a
     * href="https://arxiv.org/abs/2203.05482">arXiv 2203.05482</a>.
     */
    public static Merge linear() {
        return method("linear");
    }

    /** Spherical interpolation between a base and one model: {@code t}. Shoemake 1985. */
    public static Merge slerp() {
        return method("slerp");
    }

    /**
     * Adds weighted differences from a base: {@code weight}, {@code lambda}. Ilharco et al. 2022,
     * <a href="https://arxiv.org/abs/2212.04089">arXiv 2212.04089</a>.
     */
    public static Merge taskArithmetic() {
        return method("task_arithmetic");
    }

    /**
     * Adds the largest elements of each difference whose signs agree: {@code weight}, {@code
     * density}. Yadav et al. 2023, <a href="https://arxiv.org/abs/2306.01708">arXiv 2306.01708</a>.
     */
    public static Merge ties() {
        return method("ties");
    }

    /**
     * Adds a random share of the differences, rescaled: {@code weight}, {@code density}. Yu et al.
     * 2023, <a href="https://arxiv.org/abs/2311.03099">arXiv 2311.03099</a>.
     */
    public static Merge dareLinear() {
        return method("dare_linear");
    }

    /** As {@link #dareLinear()}, only elements whose signs agree. */
    public static Merge dareTies() {
        return method("dare_ties");
    }

    /** Copies tensors unchanged, to stack layers of models with {@link #slice}. */
    public static Merge passthrough() {
        return method("passthrough");
    }

    /** The base model, in a recipe's notation: a path, resolved against {@link #folder folders}. */
    public Merge base(String reference) {
        base =
                Optional.of(
                        ModelRef.parse(
                                Objects.requireNonNull(reference, "reference"), Location.NONE));
        return this;
    }

    /** The base model at a path; {@code +} and {@code @} have no special meaning. */
    public Merge base(Path path) {
        base = Optional.of(ModelRef.of(Objects.requireNonNull(path, "path").toString()));
        return this;
    }

    /** The base model as arrays. */
    public Merge base(Map<String, INDArray> tensors) {
        base = Optional.of(inMemory("arrays-base", tensors));
        return this;
    }

    /** A model, in a recipe's notation, with its parameters. */
    public Merge model(String reference, Parameter... settings) {
        return add(
                ModelRef.parse(Objects.requireNonNull(reference, "reference"), Location.NONE),
                settings);
    }

    /** A model at a path; {@code +} and {@code @} have no special meaning. */
    public Merge model(Path path, Parameter... settings) {
        return add(ModelRef.of(Objects.requireNonNull(path, "path").toString()), settings);
    }

    /**
     * A model in memory: arrays by tensor name, of any type and shape that files can hold. They are
     * read when the merge runs, as float32, and not changed.
     */
    public Merge model(Map<String, INDArray> tensors, Parameter... settings) {
        return add(inMemory("arrays-" + (models.size() + 1), tensors), settings);
    }

    private ModelRef inMemory(String name, Map<String, INDArray> tensors) {
        arrays.put(name, new ArrayModel(name, Objects.requireNonNull(tensors, "tensors")));
        return ModelRef.of(name);
    }

    private Merge add(ModelRef model, Parameter... settings) {
        models.add(ModelEntry.of(model, parameters(settings)));
        return this;
    }

    /**
     * The next layers of the output, merged from these sources. Excludes {@link #model models} and
     * {@link #module modules}.
     */
    public Merge slice(LayerSource... sources) {
        slices.add(outputSlice(sources));
        return this;
    }

    static OutputSlice outputSlice(LayerSource... sources) {
        return new OutputSlice(List.of(sources), Optional.empty(), Parameters.EMPTY, Location.NONE);
    }

    /**
     * A part of a model with several stacks of layers, merged from models or slices of its own;
     * instead of {@link #model models} and {@link #slice slices}, for every part that is to be in
     * the output:
     *
     * <pre>{@code
     * Merge.passthrough()
     *         .module("encoder", part -> part.model("models/t5"))
     *         .module("decoder", part -> part.slice(layers("models/t5", 0, 8))
     *                                        .slice(layers("models/t5-tuned", 4, 12)))
     *         .module("shared", part -> part.model("models/t5"))
     * }</pre>
     *
     * @param name as {@code amalgam inspect} lists it
     * @param says what it is merged from; called once, here
     * @throws IllegalArgumentException if the name is blank or was given before
     * @throws IllegalStateException unless there are either models or slices
     */
    public Merge module(String name, Consumer<MergeModule> says) {
        Objects.requireNonNull(name, "name");
        Objects.requireNonNull(says, "says");
        if (name.isBlank() || modules.containsKey(name)) {
            throw new IllegalArgumentException(
                    name.isBlank()
                            ? "a module needs a name"
                            : "module '" + name + "' is given twice");
        }
        MergeModule module = new MergeModule(name, this::inMemory);
        says.accept(module);
        modules.put(name, module.section());
        return this;
    }

    /**
     * Layers of a model, for {@link #slice} and {@link MergeModule#slice}.
     *
     * @param start the first, counted from 0
     * @param end the one after the last
     */
    public static LayerSource layers(String reference, int start, int end, Parameter... settings) {
        return new LayerSource(
                ModelRef.parse(Objects.requireNonNull(reference, "reference"), Location.NONE),
                start,
                end,
                parameters(settings),
                Location.NONE);
    }

    static Parameters parameters(Parameter... settings) {
        Map<String, ParameterValue> values = new LinkedHashMap<>();
        for (Parameter setting : Objects.requireNonNull(settings, "settings")) {
            Objects.requireNonNull(setting, "setting");
            values.put(setting.name(), setting.value());
        }
        return Parameters.of(values);
    }

    /** Parameters of the whole recipe: shared ones, and defaults for per-model ones. */
    public Merge with(Parameter... settings) {
        for (Parameter setting : Objects.requireNonNull(settings, "settings")) {
            Objects.requireNonNull(setting, "setting");
            shared.put(setting.name(), setting.value());
        }
        return this;
    }

    /** The type of the result. Default: the type of the inputs. Arithmetic is always float32. */
    public Merge dtype(DType type) {
        dtype = Optional.of(Objects.requireNonNull(type, "type"));
        return this;
    }

    /** The stored type, if it differs from {@link #dtype}. */
    public Merge outDtype(DType type) {
        outDtype = Optional.of(Objects.requireNonNull(type, "type"));
        return this;
    }

    /** Adds a folder to resolve relative model paths against. */
    public Merge folder(Path folder) {
        folders.add(Objects.requireNonNull(folder, "folder"));
        return this;
    }

    /** Seed of random methods. Default: 0. */
    public Merge seed(long seed) {
        return plan(old -> old.seed(seed));
    }

    /** Other settings of the plan: shards, tensors that only some models have. */
    public Merge plan(UnaryOperator<PlanOptions> change) {
        planOptions = Objects.requireNonNull(change, "change").apply(planOptions);
        return this;
    }

    /** How the merge runs: threads, memory, resuming, overwriting. Does not affect the output. */
    public Merge engine(UnaryOperator<EngineOptions> change) {
        engineOptions = Objects.requireNonNull(change, "change").apply(engineOptions);
        return this;
    }

    /** Receives progress on the merging thread, a few times a second. */
    public Merge listener(MergeListener hears) {
        listener = Objects.requireNonNull(hears, "hears");
        return this;
    }

    /** Lets another thread stop the merge. */
    public Merge cancellation(Cancellation stops) {
        cancellation = Objects.requireNonNull(stops, "stops");
        return this;
    }

    /** Where {@link #run} writes: a new or empty directory, or a file that ends in .gguf. */
    public Merge to(Path directory) {
        out = Optional.of(Objects.requireNonNull(directory, "directory"));
        return this;
    }

    /** Where {@link #run} writes: a new or empty directory, or a file that ends in .gguf. */
    public Merge to(String directory) {
        return to(Path.of(Objects.requireNonNull(directory, "directory")));
    }

    /**
     * The recipe, with its text.
     *
     * @throws IllegalStateException unless there are either models, slices or modules
     */
    public Recipe recipe() {
        long subjects =
                Stream.of(models, slices, modules.values())
                        .filter(given -> !given.isEmpty())
                        .count();
        if (subjects != 1) {
            throw new IllegalStateException("a merge has either models, slices or modules");
        }
        Parameters parameters = Parameters.of(shared);
        Recipe untyped =
                modules.isEmpty()
                        ? Recipe.of(method, models, slices, base, parameters)
                        : Recipe.ofModules(method, List.copyOf(modules.values()), base, parameters);
        Recipe recipe = untyped.withTypes(dtype, outDtype);
        return recipe.withText(RecipeWriter.write(recipe));
    }

    /** The recipe as YAML; it merges to the same bytes. */
    public String yaml() {
        return recipe().text();
    }

    /**
     * Plans the merge without running it; the caller closes the plan.
     *
     * @throws BadInputException with all problems found
     * @throws IOException if a model's headers cannot be read
     */
    public MergePlan plan() throws IOException {
        return plan(out.map(amalgam::writing).orElse(amalgam));
    }

    private MergePlan plan(Amalgam with) throws IOException {
        try {
            return with.folders(folders).models(this::withArrays).plan(recipe(), planOptions);
        } catch (BadInputException e) {
            throw ApiWords.of(e);
        } catch (ClosedByInterruptException e) {
            throw MergeCancelledException.byInterrupt(e);
        }
    }

    private ModelSource withArrays(ModelSource files) {
        return new ModelSource() {
            @Override
            public Checkpoint open(ModelRef ref) throws IOException {
                ArrayModel model = arrays.get(ref.path());
                return model != null ? model : files.open(ref);
            }

            @Override
            public ModelRef identified(ModelRef ref) {
                return arrays.containsKey(ref.path()) ? ref : files.identified(ref);
            }
        };
    }

    /**
     * Merges to the directory given by {@link #to}.
     *
     * @throws BadInputException if models, parameters, output or data have problems; nothing is
     *     written
     * @throws IOException if reading or writing fails; the merge can be resumed
     * @throws MergeCancelledException if stopped; the merge can be resumed
     * @throws IllegalStateException without a directory
     */
    public MergeReport run() throws IOException {
        Path directory =
                out.orElseThrow(() -> new IllegalStateException("no directory: say to(...)"));
        arrays.values().forEach(ArrayModel::requireFloats);
        try (MergePlan plan = plan()) {
            return MergeEngine.run(plan, directory, engineOptions, listener, cancellation);
        }
    }

    /**
     * Merges in memory, on the calling thread.
     *
     * @return new arrays by tensor name, with the values and in the types that {@link #run} writes
     *     (F8 as FLOAT)
     * @throws BadInputException if something is wrong with the models or parameters, tensors of
     *     integers differ, or a number is NaN, infinite or too large for its type, which {@link
     *     EngineOptions#allowNonfinite} lets through
     * @throws IOException if a model that is a file cannot be read
     * @throws MergeCancelledException if stopped between tensors
     */
    public Map<String, INDArray> toArrays() throws IOException {
        try (MergePlan plan = plan(amalgam)) {
            return new ArrayPlanRunner(plan, engineOptions, listener, cancellation).run();
        } catch (ClosedByInterruptException e) {
            throw MergeCancelledException.byInterrupt(e);
        }
    }

    /**
     * One part of a model, such as an encoder or decoder: an entry of a recipe's {@code modules}.
     * See {@link Merge#module}.
     *
     * <p>Methods return this object. Not thread-safe.
     */
    public static final class MergeModule {
        private final String name;
        private final BiFunction<String, Map<String, INDArray>, ModelRef> inMemory;
        private final List<ModelEntry> models = new ArrayList<>();
        private final List<OutputSlice> slices = new ArrayList<>();
        private final Map<String, Parameter> shared = new LinkedHashMap<>();

        /**
         * @param inMemory keeps arrays under a name
         */
        MergeModule(String name, BiFunction<String, Map<String, INDArray>, ModelRef> inMemory) {
            this.name = name;
            this.inMemory = inMemory;
        }

        /** A model to take the part from, in a recipe's notation, with its parameters. */
        public MergeModule model(String reference, Parameter... settings) {
            return add(
                    ModelRef.parse(Objects.requireNonNull(reference, "reference"), Location.NONE),
                    settings);
        }

        /** A model at a path; {@code +} and {@code @} have no special meaning. */
        public MergeModule model(Path path, Parameter... settings) {
            return add(ModelRef.of(Objects.requireNonNull(path, "path").toString()), settings);
        }

        /** A whole model as arrays by tensor name, to take the part from. */
        public MergeModule model(Map<String, INDArray> tensors, Parameter... settings) {
            String key = "arrays-" + name + "-" + (models.size() + 1);
            return add(inMemory.apply(key, tensors), settings);
        }

        private MergeModule add(ModelRef model, Parameter... settings) {
            models.add(ModelEntry.of(model, Merge.parameters(settings)));
            return this;
        }

        /**
         * The next layers of the part, merged from sources made by {@link Merge#layers}. Excludes
         * models.
         */
        public MergeModule slice(LayerSource... sources) {
            slices.add(Merge.outputSlice(sources));
            return this;
        }

        /**
         * Parameters of this part. Those of its models have priority over them, and they over the
         * recipe's.
         */
        public MergeModule with(Parameter... settings) {
            for (Parameter setting : Objects.requireNonNull(settings, "settings")) {
                Objects.requireNonNull(setting, "setting");
                shared.put(setting.name(), setting);
            }
            return this;
        }

        ModuleSection section() {
            if (models.isEmpty() == slices.isEmpty()) {
                throw new IllegalStateException(
                        "module '" + name + "' has either models or slices");
            }
            Parameters parameters = Merge.parameters(shared.values().toArray(Parameter[]::new));
            return new ModuleSection(name, models, slices, parameters, Location.NONE);
        }
    }
}
