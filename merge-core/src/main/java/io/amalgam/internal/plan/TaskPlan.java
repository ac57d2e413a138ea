package io.amalgam.internal.plan;

import io.amalgam.checkpoint.Checkpoint;
import io.amalgam.checkpoint.ConfigChanges;
import io.amalgam.checkpoint.OutputFormat;
import io.amalgam.checkpoint.OutputFormat.OutputModel;
import io.amalgam.checkpoint.OutputLayout;
import io.amalgam.checkpoint.Preparation;
import io.amalgam.checkpoint.TensorSource;
import io.amalgam.error.BadInputException;
import io.amalgam.error.Problem;
import io.amalgam.internal.method.builtin.Passthrough;
import io.amalgam.method.MergeMethod;
import io.amalgam.method.TensorCall;
import io.amalgam.plan.MergePlan;
import io.amalgam.plan.MergePlan.SideFile;
import io.amalgam.plan.PlanOptions;
import io.amalgam.plan.TensorTask;
import io.amalgam.recipe.ModelEntry;
import io.amalgam.recipe.ModelRef;
import io.amalgam.recipe.Parameters;
import io.amalgam.recipe.Recipe;
import io.amalgam.tensor.TensorInfo;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Plans whose tasks are not made from a merge recipe, run as any other. */
public final class TaskPlan {
    private static final MergeMethod COPY = new Passthrough();

    private TaskPlan() {}

    /** A task that writes what a source gives, rounded once if types differ. */
    public static TensorTask copy(TensorInfo output, TensorSource source, String model, long seed) {
        TensorCall.Input input = new TensorCall.Input(model, Map.of());
        TensorCall call = new TensorCall(output, List.of(input), -1, Map.of(), seed);
        Optional<MergeMethod> method =
                source.info().dtype().arithmetic() ? Optional.of(COPY) : Optional.empty();
        return new TensorTask(output, List.of(source), method, call, 0);
    }

    /**
     * The plan of these tasks; the caller closes it.
     *
     * @param title stands for the merge method in reports
     * @param text what is kept beside the model as its recipe
     * @param models all that are read, the donor's first
     * @param donor whose configuration, with the changes made to it, and side files the output gets
     * @param preparations work before the first tensor
     * @param found what looks wrong but does not stop the merge
     * @param identity what else decides the output, for the hash
     * @throws BadInputException if a side file cannot be read, or warnings are errors
     */
    public static MergePlan of(
            String title,
            String text,
            List<TensorTask> tasks,
            Map<ModelRef, Checkpoint> models,
            Checkpoint donor,
            OutputFormat format,
            ConfigChanges changes,
            List<Preparation> preparations,
            List<Problem> found,
            PlanOptions options,
            String identity) {
        ModelRef donorRef = models.keySet().iterator().next();
        Recipe recipe =
                Recipe.ofModels(
                                title,
                                models.keySet().stream()
                                        .map(ref -> ModelEntry.of(ref, Parameters.EMPTY))
                                        .toList(),
                                Optional.of(donorRef),
                                Parameters.EMPTY)
                        .withText(text);
        Problems problems = new Problems();
        List<Problem> warnings = new ArrayList<>(found);
        warnings.addAll(format.isFile() ? donor.scripts().missing() : donor.scripts().allMissing());
        models.values().forEach(model -> warnings.addAll(model.warnings()));
        List<SideFile> sideFiles = DonorFiles.of(donorRef, donor, problems);
        QuantisedTasks quantised =
                QuantisedTasks.of(tasks, options.quantised(), donor, models, format, problems);
        warnings.addAll(quantised.warnings());
        if (options.strict()) {
            warnings.forEach(problems::add);
        }
        ConfigChanges all = quantised.in(changes);
        problems.throwIfAny(options.strict() ? List.of() : warnings);
        OutputLayout layout =
                format.layout(
                        new OutputModel(
                                quantised.tasks().stream()
                                        .flatMap(task -> task.written().stream())
                                        .toList(),
                                donor.config().map(c -> format.config(c, all)),
                                Optional.of(donor.tokenizerSource()),
                                named(sideFiles),
                                List.of()),
                        new OutputFormat.LayoutOptions(
                                options.maxShardBytes(), Map.of("format", "pt"), donor.folders()));
        return new MergePlan(
                recipe,
                quantised.tasks(),
                models,
                donor,
                format,
                layout,
                all,
                format.isFile() ? List.of() : sideFiles,
                List.of(),
                Optional.empty(),
                List.of(),
                preparations,
                warnings,
                options,
                PlanHash.of(quantised.tasks(), layout, all, List.of(), preparations, identity));
    }

    /** Files by their names alone, wherever they are. */
    static Map<String, Path> named(List<SideFile> files) {
        Map<String, Path> named = new LinkedHashMap<>();
        files.forEach(file -> named.put(String.valueOf(file.name().getFileName()), file.file()));
        return named;
    }
}
