package io.amalgam.internal.structure.moe;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.amalgam.checkpoint.Checkpoint;
import io.amalgam.checkpoint.ConfigChanges;
import io.amalgam.checkpoint.OutputFormat;
import io.amalgam.checkpoint.Preparation;
import io.amalgam.checkpoint.TensorSource;
import io.amalgam.error.BadInputException;
import io.amalgam.error.Problem;
import io.amalgam.internal.checkpoint.Rescaled;
import io.amalgam.internal.forward.LlamaShape;
import io.amalgam.internal.forward.Rounding;
import io.amalgam.internal.plan.TaskPlan;
import io.amalgam.internal.recipe.MoeRecipe;
import io.amalgam.internal.recipe.MoeRecipe.Expert;
import io.amalgam.plan.MergePlan;
import io.amalgam.plan.ModelSource;
import io.amalgam.plan.PlanOptions;
import io.amalgam.plan.TensorTask;
import io.amalgam.recipe.ModelRef;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;

/**
 * Plans mixtures of experts. Reads headers, configurations and, where prompts decide, the base
 * model's tokenizer; finds everything that is wrong before anything is written.
 *
 * <p>Komatsuzaki et al. 2022, "Sparse Upcycling", <a href="https://arxiv.org/abs/2212.05055">arXiv
 * 2212.05055</a>; mergekit-moe for the choice of gates.
 */
public final class MoePlanner {
    private final ModelSource source;
    private final OutputFormat format;
    private final PromptEncoder.Factory encoders;

    /** How experts are laid out. */
    public enum Layout {
        /** As published checkpoints of the family have it: a tensor for each expert. */
        AUTO,
        /** All experts of a layer in one tensor, as transformers 5 holds them. */
        FUSED,
        /** A tensor for each expert: every reader takes these. */
        PER_EXPERT
    }

    /**
     * @param format must be able to lay out files
     */
    public MoePlanner(ModelSource source, OutputFormat format, PromptEncoder.Factory encoders) {
        this.source = source;
        this.format = format;
        this.encoders = encoders;
    }

    /**
     * Plans a mixture; the caller closes the plan.
     *
     * @param equalPrompts whether all experts may have the same prompts, so that their routers'
     *     rows are the same: for mixtures that are trained before use
     * @throws BadInputException with the problems found
     * @throws IOException if a model cannot be read
     */
    public MergePlan plan(
            MoeRecipe recipe, Layout layout, boolean equalPrompts, PlanOptions options)
            throws IOException {
        List<Problem> problems = MoeCheck.problems(recipe, equalPrompts);
        Map<ModelRef, Checkpoint> models = new LinkedHashMap<>();
        boolean planned = false;
        try {
            open(recipe, models, problems);
            throwIfAny(problems);
            MergePlan plan = plan(recipe, layout, options, models);
            planned = true;
            return plan;
        } finally {
            if (!planned) {
                for (Checkpoint model : models.values()) {
                    model.close();
                }
            }
        }
    }

    private static void throwIfAny(List<Problem> problems) {
        if (!problems.isEmpty()) {
            throw new BadInputException(problems);
        }
    }

    private void open(MoeRecipe recipe, Map<ModelRef, Checkpoint> models, List<Problem> problems)
            throws IOException {
        Set<ModelRef> refs = new LinkedHashSet<>();
        refs.add(recipe.base());
        recipe.experts().forEach(expert -> refs.add(expert.model()));
        recipe.shared().forEach(expert -> refs.add(expert.model()));
        source.announce(refs);
        for (ModelRef ref : refs) {
            try {
                models.put(ref, source.open(ref));
            } catch (BadInputException e) {
                for (Problem problem : e.problems()) {
                    problems.add(problem.where().isEmpty() ? problem.at(ref.location()) : problem);
                }
            }
        }
    }

    private MergePlan plan(
            MoeRecipe recipe, Layout layout, PlanOptions options, Map<ModelRef, Checkpoint> models)
            throws IOException {
        if (models.size() > 1) {
            List<Problem> rescaled = new ArrayList<>();
            models.forEach(
                    (ref, model) ->
                            Rescaled.problem(ref.toString(), model)
                                    .map(problem -> problem.at(ref.location()))
                                    .ifPresent(rescaled::add));
            if (!rescaled.isEmpty()) {
                throw new BadInputException(rescaled);
            }
        }
        MoeFamily family = family(recipe, models);
        boolean fused = layout == Layout.FUSED;
        if (fused && !family.canBeFused()) {
            throw new BadInputException(
                    Problem.expected(
                                    "'MoePlanner.Layout' of a " + family.title() + " model",
                                    "per-expert",
                                    "fused")
                            .hint("its experts are only read one by one"));
        }
        Checkpoint base = Objects.requireNonNull(models.get(recipe.base()));
        ExpertTasks tasks = new ExpertTasks(recipe, family, fused, models, options.seed());
        ObjectNode config = config(base);
        if (recipe.upcycled()) {
            AttentionWindows.require(config, recipe.base().toString());
        }
        List<Preparation> preparations = new ArrayList<>();
        if (recipe.gateMode().prompted()) {
            PromptGates gates = gates(recipe, base, config, tasks.layers());
            tasks.gatesFrom(gates);
            preparations.add(gates);
        }
        List<TensorTask> made = tasks.build();
        ObjectNode changed = family.config(config, recipe, tasks.headless());
        ConfigChanges changes =
                new ConfigChanges(recipe.dtype(), List.of(), Optional.empty(), Optional.empty());
        List<Problem> warnings = new ArrayList<>(recipe.warnings());
        models.values().forEach(model -> warnings.addAll(model.warnings()));
        if (recipe.upcycled()) {
            AttentionWindows.lost(config, family, recipe.base().toString())
                    .ifPresent(warnings::add);
        }
        return TaskPlan.of(
                "moe",
                recipe.text(),
                made,
                models,
                new ReconfiguredCheckpoint(base, changed),
                format,
                changes,
                preparations,
                warnings,
                options,
                changed.toString());
    }

    private static ObjectNode config(Checkpoint model) {
        return model.config()
                .orElseThrow(() -> new IllegalStateException("its type has been looked at"));
    }

    /** The family that is asked for, or the first that can be made. */
    private static MoeFamily family(MoeRecipe recipe, Map<ModelRef, Checkpoint> models) {
        Set<String> types = new LinkedHashSet<>();
        List<Problem> problems = new ArrayList<>();
        models.forEach(
                (ref, model) -> {
                    String type = model.facts().type();
                    types.add(type);
                    if (type.isEmpty()) {
                        problems.add(
                                Problem.expected(
                                                "config.json of model '" + ref + "'",
                                                "a 'model_type'",
                                                "none")
                                        .at(ref.location())
                                        .hint("give a model directory with its config.json"));
                    }
                });
        throwIfAny(problems);
        String wanted = recipe.architecture().orElse("");
        List<String> obstacles = new ArrayList<>();
        for (MoeFamily family : MoeFamily.values()) {
            if (family.isMeant(wanted)) {
                Optional<String> obstacle = family.obstacle(recipe, types);
                if (obstacle.isEmpty()) {
                    return family;
                }
                obstacles.add("'" + family.title() + "' " + obstacle.get());
            }
        }
        if (obstacles.isEmpty()) {
            throw new BadInputException(
                    Problem.expected(
                                    "'architecture'",
                                    "the beginning of one of "
                                            + String.join(", ", MoeFamily.titles()),
                                    "'" + wanted + "'")
                            .at(recipe.location()));
        }
        throw new BadInputException(
                Problem.of(
                                "no mixture of experts can be made of models of type "
                                        + String.join(", ", types)
                                        + (recipe.upcycled() ? "" : " as the recipe says"))
                        .at(recipe.location())
                        .hint(String.join("; ", obstacles)));
    }

    private PromptGates gates(MoeRecipe recipe, Checkpoint base, ObjectNode config, int layers)
            throws IOException {
        String name = recipe.base().toString();
        LlamaShape shape =
                LlamaShape.of(
                        config,
                        layers,
                        name,
                        "hidden gates run Llama, Mistral and Qwen models only: set 'gate_mode: cheap_embed' or 'random'");
        PromptEncoder encoder;
        try {
            encoder = encoders.of(base);
        } catch (BadInputException e) {
            throw new BadInputException(
                    e.problems().stream()
                            .map(p -> p.where().isEmpty() ? p.at(recipe.base().location()) : p)
                            .toList());
        }
        List<PromptGates.Tokens> tokens = new ArrayList<>();
        for (Expert expert : recipe.experts()) {
            tokens.add(tokens(called(tokens.size(), expert), expert, encoder));
        }
        for (Expert expert : recipe.shared()) {
            if (!expert.positive().isEmpty()) {
                tokens.add(tokens("shared expert '" + expert.model() + "'", expert, encoder));
            }
        }
        checkTokens(tokens, base, name);
        return new PromptGates(
                name,
                recipe.gateMode(),
                shape,
                base.tensors(),
                tokens,
                recipe.experts().size(),
                Rounding.BFLOAT16);
    }

    private static String called(int number, Expert expert) {
        return "expert " + number + " ('" + expert.model() + "')";
    }

    private static PromptGates.Tokens tokens(String name, Expert expert, PromptEncoder encoder) {
        return new PromptGates.Tokens(
                name,
                expert.positive().stream().map(encoder::encode).toList(),
                expert.negative().stream().map(encoder::encode).toList());
    }

    private static void checkTokens(List<PromptGates.Tokens> tokens, Checkpoint base, String name) {
        TensorSource embedding =
                Objects.requireNonNull(base.tensors().get("model.embed_tokens.weight"));
        long rows = embedding.info().shape().dim(0);
        for (PromptGates.Tokens expert : tokens) {
            for (List<int[]> prompts : List.of(expert.positive(), expert.negative())) {
                for (int[] prompt : prompts) {
                    for (int token : prompt) {
                        if (token >= rows) {
                            throw new BadInputException(
                                    Problem.expected(
                                                    "tokens of model '" + name + "'",
                                                    "numbers below "
                                                            + rows
                                                            + ", the rows of its embedding",
                                                    token)
                                            .hint("its tokenizer is another model's"));
                        }
                    }
                }
            }
        }
    }
}
