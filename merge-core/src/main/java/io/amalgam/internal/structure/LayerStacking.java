package io.amalgam.internal.structure;

import io.amalgam.checkpoint.Checkpoint;
import io.amalgam.error.BadInputException;
import io.amalgam.error.Problem;
import io.amalgam.internal.layers.ExtraLayers;
import io.amalgam.internal.layers.LayerStack;
import io.amalgam.internal.layers.LayerStacks;
import io.amalgam.internal.layers.ModelPart;
import io.amalgam.internal.layers.ModelParts;
import io.amalgam.internal.recipe.RecipeWriter;
import io.amalgam.recipe.Location;
import io.amalgam.recipe.ModelEntry;
import io.amalgam.recipe.ModelRef;
import io.amalgam.recipe.ModuleSection;
import io.amalgam.recipe.OutputSlice;
import io.amalgam.recipe.OutputSlice.LayerSource;
import io.amalgam.recipe.ParameterValue;
import io.amalgam.recipe.Parameters;
import io.amalgam.recipe.Recipe;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.ToIntFunction;

/** Recipes that stack layers, made without a recipe file. */
public final class LayerStacking {
    private LayerStacking() {}

    /**
     * The recipe that stacks these ranges from first to last, unchanged. Embeddings come from the
     * first model, final norm and head from the last, the configuration from the first.
     *
     * @param layerCount how many layers a model has; asked for ranges that do not say
     * @throws BadInputException if there is no range, or a range ends beyond its model
     */
    public static Recipe recipe(List<LayerRange> ranges, ToIntFunction<String> layerCount) {
        if (ranges.isEmpty()) {
            throw new BadInputException(
                    Problem.of("nothing to stack").hint("give models and layers: base:0-23"));
        }
        List<Problem> problems = new ArrayList<>();
        List<OutputSlice> slices = new ArrayList<>();
        for (LayerRange range : ranges) {
            int count = layerCount.applyAsInt(range.model());
            LayerRange.Span span = range.layers().orElse(new LayerRange.Span(0, count - 1));
            if (span.last() >= count) {
                problems.add(
                        Problem.expected(
                                        "last layer of '" + range.model() + "'",
                                        "at most "
                                                + (count - 1)
                                                + ", as it has "
                                                + count
                                                + " layers",
                                        span.last())
                                .hint("layers are counted from 0 and both ends are included"));
                continue;
            }
            slices.add(slice(range.model(), span.first(), span.last() + 1, Parameters.EMPTY));
        }
        if (!problems.isEmpty()) {
            throw new BadInputException(problems);
        }
        return recipe("passthrough", slices, Parameters.EMPTY);
    }

    /**
     * How many layers a model has, or one of its parts.
     *
     * @param module name of the part; empty for a model with one stack
     * @throws BadInputException if it has no such part, no layers, or several stacks of them
     */
    public static int layers(Checkpoint model, String name, Optional<String> module) {
        LayerStack stack =
                module.map(part -> part(model, name, part)).orElseGet(() -> stack(model, name));
        return ExtraLayers.without(stack, model.facts(), model.tensors().keySet()).count();
    }

    private static LayerStack part(Checkpoint model, String ref, String module) {
        ModelParts parts = parts(model);
        List<ModelPart> meant = parts.named(module);
        List<LayerStack> stacks = meant.stream().flatMap(p -> p.stack().stream()).toList();
        if (meant.isEmpty()) {
            throw new BadInputException(parts.unknown(module, ref));
        }
        if (stacks.size() > 1) {
            throw new BadInputException(ModelParts.ambiguous(module, ref, meant));
        }
        if (stacks.isEmpty()) {
            throw new BadInputException(
                    Problem.of(
                                    "module '"
                                            + module
                                            + "' of model '"
                                            + ref
                                            + "' has no numbered layers")
                            .hint("it has " + ModelParts.describe(parts.all())));
        }
        return stacks.get(0);
    }

    private static ModelParts parts(Checkpoint model) {
        Set<String> names = model.tensors().keySet();
        return ModelParts.of(names, LayerStacks.of(names));
    }

    /**
     * The same recipe for one part of a model with several stacks: its other parts are taken as
     * they are.
     *
     * @param recipe of slices
     * @param model which the other parts come from
     * @param name of the model, as recipes write it
     * @param module name of the part whose layers the slices are
     */
    public static Recipe inModule(Recipe recipe, Checkpoint model, String name, String module) {
        ModelParts parts = parts(model);
        List<ModelPart> rest = new ArrayList<>(parts.all());
        rest.removeAll(parts.named(module));
        Parameters whole =
                recipe.method().equals("linear")
                        ? Parameters.of(Map.of("weight", ParameterValue.of(1.0)))
                        : Parameters.EMPTY;
        List<ModuleSection> modules = new ArrayList<>();
        modules.add(ModuleSection.ofSlices(module, recipe.slices()));
        for (ModelPart part : rest) {
            ModelEntry entry = ModelEntry.of(ModelRef.of(name), whole);
            modules.add(ModuleSection.ofModels(part.name(), List.of(entry)));
        }
        Recipe bare =
                Recipe.ofModules(recipe.method(), modules, Optional.empty(), recipe.parameters());
        return bare.withText(RecipeWriter.write(bare));
    }

    static LayerStack stack(Checkpoint model, String name) {
        List<LayerStack> all = LayerStacks.of(model.tensors().keySet()).all();
        if (all.size() == 1) {
            return all.get(0);
        }
        String found =
                all.isEmpty()
                        ? "none"
                        : String.join(
                                ", ", all.stream().map(s -> "'" + s.prefix() + "N'").toList());
        throw new BadInputException(
                Problem.expected("layer stacks of model '" + name + "'", "one", found)
                        .hint(
                                all.isEmpty()
                                        ? "only models with numbered layers can be restacked"
                                        : "choose a module: " + names(model)));
    }

    private static String names(Checkpoint model) {
        return String.join(
                ", ",
                parts(model).all().stream()
                        .filter(part -> part.stack().isPresent())
                        .map(part -> "'" + part.name() + "'")
                        .toList());
    }

    static OutputSlice slice(String model, int start, int end, Parameters parameters) {
        LayerSource source =
                new LayerSource(ModelRef.of(model), start, end, parameters, Location.NONE);
        return new OutputSlice(List.of(source), Optional.empty(), Parameters.EMPTY, Location.NONE);
    }

    /** With its own text, so that what is kept beside the model can be merged again. */
    static Recipe recipe(String method, List<OutputSlice> slices, Parameters parameters) {
        Recipe bare =
                new Recipe(
                        "",
                        "",
                        method,
                        Location.NONE,
                        List.of(),
                        slices,
                        List.of(),
                        Optional.empty(),
                        parameters,
                        Optional.empty(),
                        Optional.empty(),
                        Optional.empty(),
                        Optional.empty(),
                        Optional.empty(),
                        Location.NONE,
                        List.of());
        return bare.withText(RecipeWriter.write(bare));
    }
}
