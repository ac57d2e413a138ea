package io.amalgam.internal.plan;

import io.amalgam.checkpoint.Checkpoint;
import io.amalgam.checkpoint.Checkpoint.ModelFacts;
import io.amalgam.checkpoint.ConfigChanges;
import io.amalgam.checkpoint.OutputFormat;
import io.amalgam.checkpoint.OutputFormat.OutputModel;
import io.amalgam.checkpoint.OutputLayout;
import io.amalgam.checkpoint.Preparation;
import io.amalgam.error.BadInputException;
import io.amalgam.error.Problem;
import io.amalgam.internal.align.AlignedModels;
import io.amalgam.internal.layers.NonLayerTensors;
import io.amalgam.internal.layers.TiedTensors;
import io.amalgam.internal.recipe.RecipeReferences;
import io.amalgam.internal.tokenizer.MergedVocabulary;
import io.amalgam.method.MergeMethod;
import io.amalgam.method.MethodInfo.Base;
import io.amalgam.method.MethodRegistry;
import io.amalgam.plan.MergePlan;
import io.amalgam.plan.ModelSource;
import io.amalgam.plan.PlanOptions;
import io.amalgam.plan.PlannedModelPass;
import io.amalgam.plan.TensorTask;
import io.amalgam.recipe.ModelRef;
import io.amalgam.recipe.Recipe;
import io.amalgam.recipe.Recipe.QuantisedType;
import io.amalgam.tensor.DType;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Makes plans. Reads headers and configurations only; finds everything that is wrong before
 * anything is written.
 */
public final class MergePlanner {
    private final MethodRegistry methods;
    private final ModelSource source;
    private final OutputFormat outputFormat;

    /**
     * @param outputFormat must be able to lay out files
     */
    public MergePlanner(MethodRegistry methods, ModelSource source, OutputFormat outputFormat) {
        this.methods = methods;
        this.source = source;
        this.outputFormat = outputFormat;
    }

    /**
     * Plans a merge; the caller closes the plan.
     *
     * @throws BadInputException with every problem found
     * @throws IOException if a model's headers cannot be read
     */
    public MergePlan plan(Recipe written, PlanOptions options) throws IOException {
        source.announce(written.references());
        Recipe recipe = RecipeReferences.identified(written, source::identified);
        Problems problems = new Problems();
        OpenModels models =
                new OpenModels(
                        new AlignedModels(source),
                        recipe.baseModel(),
                        StatisticsFiles.of(recipe, method(recipe, new Problems()), problems),
                        problems);
        boolean planned = false;
        try {
            MergePlan plan = plan(recipe, options, models, problems);
            planned = true;
            return plan;
        } catch (UncheckedIOException e) {
            throw e.getCause();
        } finally {
            if (!planned) {
                models.close();
            }
        }
    }

    private MergePlan plan(
            Recipe recipe, PlanOptions options, OpenModels models, Problems problems) {
        Optional<MergeMethod> method = method(recipe, problems);
        List<Problem> warnings = new ArrayList<>(recipe.warnings());
        Optional<ParameterResolver> parameters =
                method.map(
                        m -> new ParameterResolver(m, methods.parameterNames(), recipe, problems));
        Optional<RecipeCheck> check =
                method.map(
                        m -> new RecipeCheck(recipe, m.info(), parameters.orElseThrow(), problems));
        parameters.ifPresent(p -> warnings.addAll(p.unknownNames()));
        check.ifPresent(RecipeCheck::check);

        boolean mixesLayers =
                method.map(m -> m.info().base() == Base.ORDINARY && m.info().maxModels() > 1)
                        .orElse(true);
        boolean uneven = options.tensors() != PlanOptions.TensorSet.SAME;
        boolean weighted = method.flatMap(m -> m.info().parameter("weight")).isPresent();
        OutputTensors builder =
                new OutputTensors(recipe, models, mixesLayers, uneven, weighted, problems);
        List<OutputTensor> built = builder.build();
        Optional<ModelRef> donorRef =
                recipe.baseModel().or(() -> models.checkpoints().keySet().stream().findFirst());
        donorRef.flatMap(models::get).flatMap(builder::leftOut).ifPresent(warnings::add);
        List<OutputTensor> named =
                donorRef.flatMap(models::get)
                        .map(d -> OtherNames.check(recipe, d, models.all(), built, problems))
                        .orElse(built);
        List<OutputTensor> slots =
                donorRef.flatMap(models::get)
                        .map(d -> new ModuleCheck(d, models.all(), problems, warnings))
                        .map(modules -> modules.check(named))
                        .orElse(named);
        Optional<TokenizerPlan> tokenizer =
                builder.complete()
                        ? recipe.tokenizer()
                                .flatMap(
                                        section ->
                                                TokenizerPlan.of(
                                                        section,
                                                        models,
                                                        models.all(),
                                                        donorRef.orElseThrow(),
                                                        problems,
                                                        warnings))
                        : Optional.empty();
        if (recipe.tokenizer().isEmpty()) {
            donorRef.flatMap(models::get)
                    .ifPresent(d -> new VocabularyCheck(d, slots).warn(warnings));
        }
        TruncatedRows truncated = new TruncatedRows(options.truncateEmbeddings());
        VocabularyPlan vocabulary = new VocabularyPlan(recipe, tokenizer, truncated, problems);
        List<TensorTask> merged = new ArrayList<>();
        if (method.isPresent()) {
            TaskBuilder taskBuilder =
                    new TaskBuilder(
                            recipe,
                            method.get(),
                            options,
                            parameters.orElseThrow(),
                            check.orElseThrow(),
                            builder.complete(),
                            vocabulary,
                            problems);
            if (builder.complete() && !slots.isEmpty()) {
                warnings.addAll(FilterCheck.warnings(recipe, method.get().info(), slots));
                warnings.addAll(LayerlessCheck.warnings(recipe, method.get().info(), slots));
            }
            slots.forEach(slot -> taskBuilder.build(slot).ifPresent(merged::add));
            vocabulary.check();
            truncated.warning().ifPresent(warnings::add);
            warnings.addAll(taskBuilder.statisticWarnings());
            StatisticsFiles.unused(recipe, method.get()).ifPresent(warnings::add);
            if (taskBuilder.leftOut() > 0) {
                warnings.add(
                        Problem.of(
                                taskBuilder.leftOut()
                                        + " tensors that only some models have are left out"));
            }
        }
        List<TensorTask> dense = ServerState.with(merged, recipe, method, models, problems);
        Map<ModelRef, Checkpoint> opened = models.checkpoints();
        method.ifPresent(
                m ->
                        new QuantisedCheck(
                                        m.info(),
                                        recipe.baseModel().isPresent(),
                                        options.quantised().or(recipe::quantised),
                                        recipe.outDtype().or(recipe::dtype).isPresent(),
                                        options.allowRescaled(),
                                        problems,
                                        warnings)
                                .check(opened));
        opened.values().forEach(model -> warnings.addAll(model.warnings()));
        warnings.addAll(typeWarnings(merged));
        StackTypes.mixed(recipe, slots, merged).ifPresent(warnings::add);
        Optional<Checkpoint> donor = donorRef.map(opened::get);
        CompanionPlan companions =
                new CompanionPlan(
                        recipe,
                        opened,
                        tokenizer,
                        options.copyTokenizer(),
                        outputFormat.isFile(),
                        problems,
                        warnings);
        donorRef.ifPresent(companions::build);
        ConfigChanges changes =
                new ConfigChanges(
                        recipe.outDtype().or(recipe::dtype),
                        builder.layerChanges(),
                        donorRef.flatMap(models::get).flatMap(d -> tied(d, builder, merged)),
                        donorRef.flatMap(ModelRef::overrideArchitecture),
                        companions
                                .change()
                                .or(
                                        () ->
                                                truncated.change(
                                                        donor.map(d -> TokenRows.of(d).stored())
                                                                .orElse(-1L))));
        if (problems.isEmpty()) {
            List<Problem> unfit = new ArrayList<>();
            for (StackedLayers stack : builder.stacked()) {
                LayerPlaces.check(
                        stack,
                        donor.flatMap(Checkpoint::config),
                        outputFormat,
                        uneven ? warnings : unfit,
                        warnings);
            }
            unfit.forEach(problems::add);
        }
        // Of layers that do not fit, what the configuration says of them is of no interest.
        if (problems.isEmpty()) {
            donor.ifPresent(
                    d -> warnings.addAll(configWarnings(donorRef.orElseThrow(), d, changes)));
        }
        if (problems.isEmpty() && dense.isEmpty()) {
            problems.add(
                    Problem.of("nothing to merge: no tensor is left")
                            .at(recipe.location())
                            .hint("the models have no tensor in common, or none at all"));
        }
        if (problems.isEmpty()) {
            checkWholeModel(recipe, dense, problems);
        }
        Optional<QuantisedType> type = options.quantised().or(recipe::quantised);
        QuantisedTasks tasks = new QuantisedTasks(dense, Optional.empty(), List.of());
        if (problems.isEmpty()) {
            tasks =
                    QuantisedTasks.of(
                            dense, type, donor.orElseThrow(), opened, outputFormat, problems);
            warnings.addAll(tasks.warnings());
        }
        if (options.strict()) {
            warnings.forEach(problems::add);
        }
        problems.throwIfAny(options.strict() ? List.of() : warnings);
        ConfigChanges all = tasks.in(changes);
        Path tokens =
                tokenizer
                        .map(t -> opened.get(t.start()))
                        .orElse(donor.orElseThrow())
                        .tokenizerSource();
        OutputLayout layout =
                layout(tasks.tasks(), options, donor.orElseThrow(), all, tokens, companions);
        boolean alone = outputFormat.isFile();
        List<Preparation> preparations =
                opened.values().stream().flatMap(m -> m.preparations().stream()).toList();
        return new MergePlan(
                recipe,
                tasks.tasks(),
                opened,
                donor.orElseThrow(),
                outputFormat,
                layout,
                all,
                alone ? List.of() : companions.copied(),
                alone ? List.of() : companions.made(),
                tokenizer.map(t -> summary(t, vocabulary, companions)),
                models.all().stream().flatMap(model -> model.renamings.stream()).toList(),
                preparations,
                warnings,
                options,
                PlanHash.of(tasks.tasks(), layout, all, companions.made(), preparations, ""));
    }

    private static MergePlan.VocabularySummary summary(
            TokenizerPlan tokenizer, VocabularyPlan vocabulary, CompanionPlan companions) {
        MergedVocabulary tokens = tokenizer.tokens();
        long files =
                companions.made().stream().mapToLong(file -> (long) file.content().length).sum();
        return new MergePlan.VocabularySummary(
                tokenizer.start(),
                tokens.ids().size(),
                tokenizer.rows(),
                tokens.appended().size(),
                tokens.removed().size(),
                vocabulary.reindexed(),
                vocabulary.bytesHeld() + files);
    }

    /** What a method says of all tensors together. */
    private static void checkWholeModel(Recipe recipe, List<TensorTask> tasks, Problems problems) {
        try {
            PlannedModelPass.of(tasks);
        } catch (BadInputException e) {
            e.problems()
                    .forEach(
                            problem ->
                                    problems.add(problem.at(ParameterPlaces.of(problem, recipe))));
        }
    }

    private OutputLayout layout(
            List<TensorTask> tasks,
            PlanOptions options,
            Checkpoint donor,
            ConfigChanges changes,
            Path tokens,
            CompanionPlan companions) {
        OutputModel model =
                new OutputModel(
                        tasks.stream().flatMap(task -> task.written().stream()).toList(),
                        donor.config().map(config -> outputFormat.config(config, changes)),
                        Optional.of(tokens),
                        TaskPlan.named(companions.copied()),
                        companions.made());
        return ServerState.layout(
                outputFormat,
                tasks,
                model,
                new OutputFormat.LayoutOptions(
                        options.maxShardBytes(), Map.of("format", "pt"), donor.folders()));
    }

    /** What the output's configuration should say and will not. */
    private List<Problem> configWarnings(ModelRef ref, Checkpoint donor, ConfigChanges changes) {
        if (donor.config().isPresent()) {
            return outputFormat.unchanged(donor.config().get(), changes).stream()
                    .map(problem -> problem.at(ref.location()))
                    .toList();
        }
        return changes.architecture().isEmpty()
                ? List.of()
                : List.of(
                        Problem.of(
                                        "'override_architecture' has no effect: model '"
                                                + ref
                                                + "' has no config.json")
                                .at(ref.location()));
    }

    private Optional<MergeMethod> method(Recipe recipe, Problems problems) {
        try {
            return Optional.of(methods.get(recipe.method()));
        } catch (BadInputException e) {
            e.problems().forEach(problem -> problems.add(problem.at(recipe.methodLocation())));
            return Optional.empty();
        }
    }

    private static List<Problem> typeWarnings(List<TensorTask> tasks) {
        long wide =
                tasks.stream()
                        .filter(
                                task ->
                                        task.method().isPresent()
                                                && task.sources().size() > 1
                                                && task.sources().stream()
                                                        .anyMatch(
                                                                s -> s.info().dtype() == DType.F64))
                        .count();
        return wide == 0
                ? List.of()
                : List.of(
                        Problem.of(
                                        wide
                                                + (wide == 1
                                                        ? " float64 tensor is"
                                                        : " float64 tensors are")
                                                + " merged in float32 arithmetic")
                                .hint("their values are rounded once as they are read"));
    }

    /**
     * A head written beside an embedding makes the two separate, whatever the donor says; and a
     * stack whose last model has none, where the donor has one, makes them one.
     */
    private static Optional<Boolean> tied(
            OpenModels.Model donor, OutputTensors builder, List<TensorTask> tasks) {
        ModelFacts facts = donor.checkpoint.facts();
        Optional<String> head =
                donor.tensors.keySet().stream().filter(NonLayerTensors::isHead).findFirst();
        Optional<String> missing =
                donor.tied()
                        .flatMap(TiedTensors::head)
                        .filter(name -> !donor.tensors.containsKey(name));
        Set<String> written = new HashSet<>();
        tasks.forEach(task -> written.add(task.output().name()));
        boolean named = written.stream().anyMatch(NonLayerTensors::isHead);
        if (named || missing.filter(written::contains).isPresent()) {
            boolean ties =
                    missing.filter(written::contains).isPresent()
                            || (head.isEmpty() && facts.known() && facts.ties());
            return ties ? Optional.of(false) : Optional.empty();
        }
        boolean stacked = head.filter(name -> builder.isStacked(donor, name)).isPresent();
        boolean apart = !facts.tied().orElse(false);
        return stacked && apart ? Optional.of(true) : Optional.empty();
    }
}
