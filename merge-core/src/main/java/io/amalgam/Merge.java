package io.amalgam;

import io.amalgam.engine.EngineOptions;
import io.amalgam.engine.MergeCancelledException;
import io.amalgam.engine.MergeListener;
import io.amalgam.engine.MergeReport;
import io.amalgam.error.BadInputException;
import io.amalgam.internal.engine.MergeEngine;
import io.amalgam.method.MergeMethod;
import io.amalgam.plan.MergePlan;
import io.amalgam.recipe.Location;
import io.amalgam.recipe.OutputSlice.LayerSource;
import io.amalgam.recipe.Recipe;
import io.amalgam.tensor.DType;
import java.io.IOException;
import java.nio.channels.ClosedByInterruptException;
import java.nio.file.Path;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Consumer;
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
 * <p>{@link #recipe()} equals the recipe in the YAML of {@link #yaml()}. Models are paths or
 * arrays; the result is written to a directory or returned as arrays. Without arrays the merge
 * streams in fixed memory. Any method can be used: built-in ones, those found by {@link
 * java.util.ServiceLoader}, or an instance passed to {@link #method(MergeMethod)}. Formulas and
 * papers are in docs/methods.md.
 *
 * <p>Setters return this object. Not thread-safe; merging does not change it.
 */
public final class Merge extends Amalgam.Settings<Merge> {
    private final CodeRecipe recipe;
    private MergeListener listener = MergeListener.NONE;
    private Optional<Path> out = Optional.empty();

    private Merge(String method, Amalgam amalgam) {
        super(amalgam);
        this.recipe = new CodeRecipe(method);
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
     * Weighted average. For each model {@code weight}, required. For the recipe {@code normalize}
     * (true): divides by the sum of the weights. Wortsman et al. 2022, <a
     * href="https://arxiv.org/abs/2203.05482">arXiv 2203.05482</a>.
     */
    public static Merge linear() {
        return method("linear");
    }

    /**
     * Spherical interpolation between a base and one model. For the recipe {@code t}, required: 0
     * is the base, 1 the model. Shoemake 1985.
     */
    public static Merge slerp() {
        return method("slerp");
    }

    /**
     * Adds weighted differences from a base, which is required. For each model {@code weight},
     * required. For the recipe {@code lambda} (1) and {@code normalize} (false). Ilharco et al.
     * 2022, <a href="https://arxiv.org/abs/2212.04089">arXiv 2212.04089</a>.
     */
    public static Merge taskArithmetic() {
        return method("task_arithmetic");
    }

    /**
     * Adds the largest elements of each difference from a base that agree in sign. The base is
     * required. For each model {@code weight}, required, and {@code density} (1: nothing is
     * trimmed; the paper has 0.2). For the recipe {@code normalize} (true) and {@code lambda} (1);
     * docs/methods.md has more. Yadav et al. 2023, <a href="https://arxiv.org/abs/2306.01708">arXiv
     * 2306.01708</a>.
     */
    public static Merge ties() {
        return method("ties");
    }

    /**
     * Adds a random selection of the elements of each difference from a base, rescaled. The base is
     * required. For each model {@code weight}, required, and {@code density} (1: nothing is
     * dropped). For the recipe {@code rescale} (true), {@code normalize} (false) and {@code lambda}
     * (1). Yu et al. 2023, <a href="https://arxiv.org/abs/2311.03099">arXiv 2311.03099</a>.
     */
    public static Merge dareLinear() {
        return method("dare_linear");
    }

    /** As {@link #dareLinear()}, with the same defaults, but only elements that agree in sign. */
    public static Merge dareTies() {
        return method("dare_ties");
    }

    /** Copies tensors unchanged, to stack layers of models with {@link #slice}. */
    public static Merge passthrough() {
        return method("passthrough");
    }

    /** The base model, in a recipe's notation: a path, resolved against {@link #folder folders}. */
    public Merge base(String reference) {
        recipe.base = Optional.of(MergeInputs.ref(reference));
        return this;
    }

    /** The base model at a path; {@code +} and {@code @} have no special meaning. */
    public Merge base(Path path) {
        recipe.base = Optional.of(MergeInputs.ref(path));
        return this;
    }

    /** The base model as arrays. */
    public Merge base(Map<String, INDArray> tensors) {
        recipe.base = Optional.of(recipe.arrays.add("arrays-base", tensors));
        return this;
    }

    /** A model, in a recipe's notation, with its parameters. */
    public Merge model(String reference, Parameter... settings) {
        recipe.inputs.model(MergeInputs.ref(reference), settings);
        return this;
    }

    /** A model at a path; {@code +} and {@code @} have no special meaning. */
    public Merge model(Path path, Parameter... settings) {
        recipe.inputs.model(MergeInputs.ref(path), settings);
        return this;
    }

    /**
     * A model in memory: arrays by tensor name, of any type and shape that files can hold. They are
     * read when the merge runs, as float32, and not changed.
     */
    public Merge model(Map<String, INDArray> tensors, Parameter... settings) {
        recipe.inputs.model(tensors, settings);
        return this;
    }

    /**
     * Statistics of the last {@link #model model}, for methods that use them: a file as in
     * docs/statistics.md, in a recipe's notation.
     *
     * @throws IllegalStateException if no model was added before
     */
    public Merge statistics(String reference) {
        recipe.inputs.statistics(MergeInputs.ref(reference));
        return this;
    }

    /**
     * As {@link #statistics(String)}, a file at a path; {@code +} and {@code @} have no special
     * meaning.
     */
    public Merge statistics(Path path) {
        recipe.inputs.statistics(MergeInputs.ref(path));
        return this;
    }

    /**
     * The next layers of the output, merged from these sources. Excludes {@link #model models} and
     * {@link #module modules}.
     */
    public Merge slice(LayerSource... sources) {
        recipe.inputs.slice(sources);
        return this;
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
     * @param module sets the models or slices of the part; called once, before this method returns
     * @throws IllegalArgumentException if the name is blank or was given before
     * @throws IllegalStateException unless there are either models or slices
     */
    public Merge module(String name, Consumer<MergeModule> module) {
        Objects.requireNonNull(name, "name");
        Objects.requireNonNull(module, "module");
        recipe.module(name, inputs -> module.accept(new MergeModule(inputs)));
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
                MergeInputs.ref(reference),
                start,
                end,
                MergeInputs.parameters(settings),
                Location.NONE);
    }

    /** Parameters of the whole recipe: shared ones, and defaults for per-model ones. */
    public Merge with(Parameter... settings) {
        recipe.inputs.with(settings);
        return this;
    }

    /**
     * The element type of the result. Default: for each tensor the type that the models have, or a
     * type that holds all of them if they differ. Arithmetic is always float32.
     */
    public Merge dtype(DType type) {
        recipe.dtype = Optional.of(Objects.requireNonNull(type, "type"));
        return this;
    }

    /** The stored type, if it differs from {@link #dtype}. */
    public Merge outDtype(DType type) {
        recipe.outDtype = Optional.of(Objects.requireNonNull(type, "type"));
        return this;
    }

    /** Adds a folder to resolve relative model paths against. */
    public Merge folder(Path folder) {
        Objects.requireNonNull(folder, "folder");
        return using(amalgam -> amalgam.folder(folder));
    }

    /** Receives progress on the merging thread, a few times a second. */
    public Merge listener(MergeListener listener) {
        this.listener = Objects.requireNonNull(listener, "listener");
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
     * @throws IllegalStateException unless there are either models, slices or modules, and at most
     *     one of {@link #outDtype} and {@link #quantise}
     */
    public Recipe recipe() {
        return recipe.recipe(planOptions().quantised());
    }

    /**
     * The recipe as YAML. With the same {@link #plan options of the plan} and {@link #seed}, which
     * are not in it, it merges to the same bytes. Models that are arrays have names in it, no
     * paths.
     */
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
        return plan(out.map(amalgam()::writing).orElse(amalgam()));
    }

    private MergePlan plan(Amalgam with) throws IOException {
        try {
            return with.models(recipe.arrays::with).plan(recipe(), planOptions());
        } catch (BadInputException e) {
            throw ApiWords.of(e);
        } catch (ClosedByInterruptException e) {
            throw MergeCancelledException.byInterrupt(e);
        }
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
        recipe.arrays.requireFloats();
        try (MergePlan plan = plan()) {
            return MergeEngine.run(plan, directory, engineOptions(), listener, cancellation());
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
     * @throws IllegalStateException with {@link #quantise}
     */
    public Map<String, INDArray> toArrays() throws IOException {
        if (planOptions().quantised().isPresent()) {
            throw new IllegalStateException("arrays are not quantised: use to(...) and run()");
        }
        try (MergePlan plan = plan(amalgam())) {
            return new ArrayPlanRunner(plan, engineOptions(), listener, cancellation()).run();
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
        private final MergeInputs inputs;

        private MergeModule(MergeInputs inputs) {
            this.inputs = inputs;
        }

        /** A model to take the part from, in a recipe's notation, with its parameters. */
        public MergeModule model(String reference, Parameter... settings) {
            inputs.model(MergeInputs.ref(reference), settings);
            return this;
        }

        /** A model at a path; {@code +} and {@code @} have no special meaning. */
        public MergeModule model(Path path, Parameter... settings) {
            inputs.model(MergeInputs.ref(path), settings);
            return this;
        }

        /** A whole model as arrays by tensor name, to take the part from. */
        public MergeModule model(Map<String, INDArray> tensors, Parameter... settings) {
            inputs.model(tensors, settings);
            return this;
        }

        /**
         * Statistics of the last {@link #model model}, for methods that use them: a file as in
         * docs/statistics.md, in a recipe's notation.
         *
         * @throws IllegalStateException if no model was added before
         */
        public MergeModule statistics(String reference) {
            inputs.statistics(MergeInputs.ref(reference));
            return this;
        }

        /**
         * As {@link #statistics(String)}, a file at a path; {@code +} and {@code @} have no special
         * meaning.
         */
        public MergeModule statistics(Path path) {
            inputs.statistics(MergeInputs.ref(path));
            return this;
        }

        /**
         * The next layers of the part, merged from sources made by {@link Merge#layers}. Excludes
         * models.
         */
        public MergeModule slice(LayerSource... sources) {
            inputs.slice(sources);
            return this;
        }

        /**
         * Parameters of this part. Those of its models have priority over them, and they over the
         * recipe's.
         */
        public MergeModule with(Parameter... settings) {
            inputs.with(settings);
            return this;
        }
    }
}
