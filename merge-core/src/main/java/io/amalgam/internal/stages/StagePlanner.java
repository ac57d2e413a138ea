package io.amalgam.internal.stages;

import io.amalgam.checkpoint.Checkpoint;
import io.amalgam.checkpoint.OutputFormat;
import io.amalgam.error.BadInputException;
import io.amalgam.error.Problem;
import io.amalgam.internal.plan.MergePlanner;
import io.amalgam.method.MethodRegistry;
import io.amalgam.plan.MergePlan;
import io.amalgam.plan.MergePlan.Step;
import io.amalgam.plan.MergePlan.Use;
import io.amalgam.plan.ModelSource;
import io.amalgam.plan.PlanOptions;
import io.amalgam.recipe.ModelRef;
import io.amalgam.recipe.Recipe.QuantisedType;
import io.amalgam.recipe.RecipeFile;
import io.amalgam.recipe.RecipeFile.Document;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Plans recipe files. All documents are planned, and all that is wrong with them found, before
 * anything is written: a stage's tensors are known from its plan.
 */
public final class StagePlanner {
    private final MethodRegistry methods;
    private final ModelSource source;
    private final OutputFormat format;
    private final OutputFormat last;

    /**
     * @param source opens the models that are no stages
     * @param format of all outputs
     */
    public StagePlanner(MethodRegistry methods, ModelSource source, OutputFormat format) {
        this(methods, source, format, format);
    }

    /**
     * @param source opens the models that are no stages
     * @param format of stages
     * @param last of the document without a name
     */
    public StagePlanner(
            MethodRegistry methods, ModelSource source, OutputFormat format, OutputFormat last) {
        this.methods = methods;
        this.source = source;
        this.format = format;
        this.last = last;
    }

    /**
     * Plans every document; the caller closes the plan.
     *
     * @param keep whether all stages are written, to be kept
     * @throws BadInputException with every problem found in any document
     * @throws IOException if a model's headers cannot be read
     */
    public StagedPlan plan(RecipeFile file, PlanOptions options, boolean keep) throws IOException {
        List<Document> order = StageOrder.of(file);
        Planning planning = new Planning(file, options);
        source.announce(planning.models(order));
        boolean planned = false;
        try {
            for (Document document : order) {
                planning.plan(document);
            }
            StagedPlan plan = planning.finish(keep || file.result().isEmpty());
            planned = true;
            return plan;
        } finally {
            if (!planned) {
                planning.close();
            }
        }
    }

    /** The planning of one file. */
    private final class Planning implements ModelSource {
        private final PlanOptions options;
        private final Set<String> names = new LinkedHashSet<>();
        private final Set<String> inputs = new LinkedHashSet<>();
        private final Map<Document, MergePlan> plans = new LinkedHashMap<>();
        private final Map<String, StageCheckpoint> results = new LinkedHashMap<>();
        private final List<Problem> problems = new ArrayList<>();
        private final List<Problem> warnings = new ArrayList<>();

        Planning(RecipeFile file, PlanOptions options) {
            this.options = options;
            file.documents().forEach(document -> document.name().ifPresent(names::add));
            file.documents().forEach(document -> inputs.addAll(StageOrder.uses(document, names)));
        }

        /** Those of all documents that are no stages. */
        List<ModelRef> models(List<Document> documents) {
            return documents.stream()
                    .flatMap(document -> document.recipe().references().stream())
                    .filter(ref -> !names.contains(ref.path()))
                    .toList();
        }

        void plan(Document document) throws IOException {
            if (!results.keySet().containsAll(StageOrder.uses(document, names))) {
                // What it uses cannot be planned; more would only be guessed.
                return;
            }
            try {
                boolean used = document.name().filter(inputs::contains).isPresent();
                if (used) {
                    document.recipe().quantised().ifPresent(type -> refuse(document, type));
                }
                MergePlan plan =
                        new MergePlanner(methods, this, document.name().isEmpty() ? last : format)
                                .plan(document.recipe(), used ? options.dense() : options);
                plans.put(document, plan);
                document.name()
                        .ifPresent(
                                name -> results.put(name, new StageCheckpoint(name, plan, source)));
            } catch (BadInputException e) {
                problems.addAll(e.problems());
                warnings.addAll(e.warnings());
            }
        }

        private void refuse(Document document, QuantisedType type) {
            throw new BadInputException(
                    Problem.of(
                                    "'out_dtype' '"
                                            + type.name()
                                            + "' of '"
                                            + document.name().orElseThrow()
                                            + "', which another recipe merges, would round its weights twice")
                            .at(type.location())
                            .hint("leave it out here, and say it in the last recipe"));
        }

        /** A stage's name is no path. */
        @Override
        public ModelRef identified(ModelRef ref) {
            ModelRef onDisk = source.identified(ref);
            return results.containsKey(ref.path()) ? onDisk.identified(ref.path()) : onDisk;
        }

        @Override
        public Checkpoint open(ModelRef ref) throws IOException {
            StageCheckpoint stage = results.get(ref.path());
            if (stage == null) {
                return source.open(ref);
            }
            stage.makeCompanions();
            return ref.lora().isPresent() ? source.withAdapter(stage, ref) : stage;
        }

        StagedPlan finish(boolean keep) {
            if (!problems.isEmpty()) {
                plans.values().forEach(plan -> warnings.addAll(plan.warnings()));
                throw new BadInputException(problems, warnings);
            }
            if (last.isFile() && plans.keySet().stream().allMatch(d -> d.name().isPresent())) {
                throw new BadInputException(
                        Problem.expected(
                                        "recipe of an output that is one file",
                                        "a document without a name, the result",
                                        "documents with names only")
                                .hint("give the last one no name, or choose a directory"));
            }
            Map<String, Use> kinds = StageKinds.of(plans, results, keep);
            List<Step> steps = new ArrayList<>();
            MergePlan result = null;
            for (Map.Entry<Document, MergePlan> entry : plans.entrySet()) {
                if (entry.getKey().name().isEmpty()) {
                    result = entry.getValue();
                    continue;
                }
                String name = entry.getKey().name().get();
                steps.add(
                        new Step(
                                name,
                                kinds.getOrDefault(name, Use.UNUSED),
                                entry.getValue(),
                                StageOrder.uses(entry.getKey(), names)));
            }
            return new StagedPlan(steps, results, result);
        }

        void close() throws IOException {
            for (MergePlan plan : plans.values()) {
                plan.close();
            }
            for (StageCheckpoint stage : results.values()) {
                stage.discard();
            }
        }
    }
}
