package io.amalgam;

import io.amalgam.checkpoint.HubOptions;
import io.amalgam.checkpoint.OutputFormat;
import io.amalgam.engine.Cancellation;
import io.amalgam.engine.EngineOptions;
import io.amalgam.engine.MergeListener;
import io.amalgam.engine.MergeReport;
import io.amalgam.internal.checkpoint.RemoteModels;
import io.amalgam.internal.engine.MergeEngine;
import io.amalgam.internal.kernel.KernelProvider;
import io.amalgam.internal.method.builtin.BuiltInMethods;
import io.amalgam.internal.plan.MergePlanner;
import io.amalgam.internal.recipe.yaml.ReadOptions;
import io.amalgam.internal.recipe.yaml.RecipeReader;
import io.amalgam.internal.stages.StagePlanner;
import io.amalgam.internal.stages.StagedPlan;
import io.amalgam.method.MergeMethod;
import io.amalgam.method.MethodRegistry;
import io.amalgam.plan.MergePlan;
import io.amalgam.plan.ModelSource;
import io.amalgam.plan.PlanOptions;
import io.amalgam.recipe.Location;
import io.amalgam.recipe.Recipe;
import io.amalgam.recipe.Recipe.QuantisedType;
import io.amalgam.recipe.RecipeFile;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;

/**
 * The parts of a merge: checkpoint formats, merge methods, model sources and the output format.
 * They are put together here and nowhere else; the {@code amalgam} command and {@link Merge} both
 * use it. Immutable and thread-safe.
 */
public final class Amalgam {
    private static final List<Path> HERE = List.of(Path.of(""));

    private final ModelLoader formats;
    private final MethodRegistry methods;
    private final List<Path> folders;
    private final UnaryOperator<ModelSource> change;
    private final ModelSource models;
    private final Optional<OutputFormat> output;

    private Amalgam(
            ModelLoader formats,
            MethodRegistry methods,
            List<Path> folders,
            UnaryOperator<ModelSource> change,
            Optional<OutputFormat> output) {
        this.formats = formats;
        this.methods = methods;
        this.folders = List.copyOf(folders);
        this.change = change;
        this.models = change.apply(formats.models(folders));
        this.output = output;
    }

    /**
     * The formats and methods on the class path ({@link java.util.ServiceLoader}); models are local
     * paths, relative to the working directory.
     */
    public static Amalgam load() {
        return new Amalgam(
                ModelLoader.load(),
                BuiltInMethods.load(),
                HERE,
                UnaryOperator.identity(),
                Optional.empty());
    }

    /**
     * Adds a merge method.
     *
     * @throws io.amalgam.error.BadInputException if another method has its name
     */
    public Amalgam with(MergeMethod method) {
        return new Amalgam(formats, methods.with(method), folders, change, output);
    }

    /**
     * Accepts names of a model hub, {@code org/name} or {@code org/name@revision}, if nothing
     * exists at the path.
     *
     * @throws io.amalgam.error.BadInputException if {@code merge-formats} is not on the class path
     */
    public Amalgam with(HubOptions hub) {
        return with(formats.names(hub));
    }

    /**
     * Accepts names in place of model paths, if nothing exists at the path. For the command, which
     * shows downloads and looks at models without fetching them.
     */
    public Amalgam with(RemoteModels names) {
        return new Amalgam(formats.with(names), methods, folders, change, output);
    }

    /** Resolves relative model paths against these folders, in order. */
    public Amalgam folders(List<Path> searched) {
        return new Amalgam(formats, methods, searched, change, output);
    }

    /** Resolves relative model paths against one more folder, after those it has. */
    Amalgam folder(Path further) {
        return folders(Stream.concat(folders.stream(), Stream.of(further)).toList());
    }

    /** Resolves relative model paths against the working directory, then the folder of a recipe. */
    public Amalgam foldersOf(Path recipe) {
        Path folder = recipe.getParent();
        return folders(folder == null ? HERE : List.of(HERE.get(0), folder));
    }

    /** Replaces the model source. */
    public Amalgam models(UnaryOperator<ModelSource> further) {
        return new Amalgam(
                formats, methods, folders, source -> further.apply(change.apply(source)), output);
    }

    /** Writes in the format for an output's name: a single file if it ends in .gguf. */
    public Amalgam writing(Path out) {
        return writing(formats.outputFor(out));
    }

    /** Writes in a given format. */
    public Amalgam writing(OutputFormat format) {
        return new Amalgam(formats, methods, folders, change, Optional.of(format));
    }

    /** The readers of checkpoint formats. */
    public ModelLoader formats() {
        return formats;
    }

    /** The merge methods by name. */
    public MethodRegistry methods() {
        return methods;
    }

    /** The source of a recipe's models. */
    public ModelSource models() {
        return models;
    }

    /**
     * The format of the output.
     *
     * @throws io.amalgam.error.BadInputException if it is not on the class path
     */
    public OutputFormat output() {
        return output.orElseGet(() -> formats.output(Formats.DIRECTORY));
    }

    /**
     * Default options of the engine: all processors, the fastest kernels that this JVM supports.
     */
    public static EngineOptions engine() {
        return EngineOptions.defaults(KernelProvider.choose(KernelProvider.Choice.AUTO).kernels());
    }

    /**
     * Plans a recipe; the caller closes the plan. Reads headers only.
     *
     * @throws io.amalgam.error.BadInputException with every problem found
     * @throws IOException if headers cannot be read
     */
    public MergePlan plan(Recipe recipe, PlanOptions options) throws IOException {
        return new MergePlanner(methods, models, output()).plan(recipe, options);
    }

    /**
     * Plans all documents of a recipe file; the caller closes the plan. Reads headers only.
     *
     * @param keepStages whether the results of all named documents are written
     * @throws io.amalgam.error.BadInputException with every problem found
     * @throws IOException if headers cannot be read
     */
    public StagedPlan plan(RecipeFile recipes, PlanOptions options, boolean keepStages)
            throws IOException {
        return new StagePlanner(methods, models, formats.output(Formats.DIRECTORY), output())
                .plan(recipes, options, keepStages);
    }

    /**
     * Runs a plan.
     *
     * @param out a new or empty directory, or a file, as the plan's output format writes it
     * @throws io.amalgam.error.BadInputException if output or data have problems; nothing is
     *     written
     * @throws IOException if reading or writing fails; the merge can be resumed
     * @throws io.amalgam.engine.MergeCancelledException if stopped; the merge can be resumed
     */
    public static MergeReport run(
            MergePlan plan,
            Path out,
            EngineOptions options,
            MergeListener listener,
            Cancellation cancellation)
            throws IOException {
        return MergeEngine.run(plan, out, options, listener, cancellation);
    }

    /**
     * Reads the documents of a recipe file.
     *
     * @param strict whether a key that recipes do not have is an error, not a warning
     * @throws io.amalgam.error.BadInputException with every problem found
     * @throws IOException if the file is there and cannot be read
     */
    public static RecipeFile recipes(Path file, boolean strict) throws IOException {
        return RecipeReader.readAll(file, new ReadOptions(strict));
    }

    /**
     * Reads the documents of a recipe.
     *
     * @param text in YAML
     * @param name of the file, for messages
     * @param strict whether a key that recipes do not have is an error, not a warning
     * @throws io.amalgam.error.BadInputException with every problem found
     */
    public static RecipeFile recipes(String text, String name, boolean strict) {
        return RecipeReader.readAll(text, name, new ReadOptions(strict));
    }

    /**
     * The parts of a merge, and how it runs: the setters that {@link Merge}, {@link RecipeMerge},
     * {@link io.amalgam.runs.Batch} and {@link io.amalgam.runs.GreedySoup} share. They return the
     * object itself. Not thread-safe.
     *
     * @param <S> the type of the object itself
     */
    public abstract static class Settings<S extends Settings<S>> {
        private Amalgam amalgam;
        private PlanOptions planOptions = PlanOptions.DEFAULT;
        private EngineOptions engineOptions = Amalgam.engine();
        private Cancellation cancellation = new Cancellation();

        protected Settings(Amalgam amalgam) {
            this.amalgam = amalgam;
        }

        @SuppressWarnings("unchecked")
        private S self() {
            return (S) this;
        }

        /** Changes the parts of the merge: folders, model sources, methods, output format. */
        public S using(UnaryOperator<Amalgam> change) {
            amalgam = changed(change, amalgam);
            return self();
        }

        /** Changes what plans depend on: shards, tensors that only some models have. */
        public S plan(UnaryOperator<PlanOptions> change) {
            planOptions = changed(change, planOptions);
            return self();
        }

        /**
         * Changes how merges run: threads, memory, resuming, overwriting. Does not affect the
         * output.
         */
        public S engine(UnaryOperator<EngineOptions> change) {
            engineOptions = changed(change, engineOptions);
            return self();
        }

        private static <T> T changed(UnaryOperator<T> change, T old) {
            return Objects.requireNonNull(
                    Objects.requireNonNull(change, "change").apply(old), "result of change");
        }

        /** Seed of random methods. Default: 0. */
        public S seed(long seed) {
            return plan(old -> old.seed(seed));
        }

        /** Treats warnings as errors. */
        public S strict() {
            return plan(old -> old.strict(true));
        }

        /**
         * Quantises the weights of the output. Default: as in the recipe, otherwise dense.
         *
         * @param type as in docs/quantised.md and docs/gguf.md; {@code keep} for the format of the
         *     models
         */
        public S quantise(String type) {
            Objects.requireNonNull(type, "type");
            return plan(old -> old.quantised(new QuantisedType(type, Location.NONE)));
        }

        /** Lets another thread stop the merge. */
        public S cancellation(Cancellation cancellation) {
            this.cancellation = Objects.requireNonNull(cancellation, "cancellation");
            return self();
        }

        /** The parts of the merge. */
        protected final Amalgam amalgam() {
            return amalgam;
        }

        /** What plans depend on. */
        protected final PlanOptions planOptions() {
            return planOptions;
        }

        /** How merges run. */
        protected final EngineOptions engineOptions() {
            return engineOptions;
        }

        /** The switch by which another thread stops it. */
        protected final Cancellation cancellation() {
            return cancellation;
        }
    }
}
