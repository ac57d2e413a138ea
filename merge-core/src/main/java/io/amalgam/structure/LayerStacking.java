package io.amalgam.structure;

import io.amalgam.checkpoint.Checkpoint;
import io.amalgam.error.BadInputException;
import io.amalgam.error.Problem;
import io.amalgam.layers.LayerStack;
import io.amalgam.layers.LayerStacks;
import io.amalgam.recipe.Location;
import io.amalgam.recipe.ModelRef;
import io.amalgam.recipe.OutputSlice;
import io.amalgam.recipe.Parameters;
import io.amalgam.recipe.Recipe;
import io.amalgam.recipe.RecipeWriter;
import io.amalgam.recipe.Source;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
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
                                .hint("layers are counted from 0 and both ends are taken"));
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
     * How many layers a model has.
     *
     * @throws BadInputException if it has no layers, or several stacks of them
     */
    public static int layers(Checkpoint model, String name) {
        return stack(model, name).count();
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
                        .hint("only models with one stack of numbered layers can be restacked"));
    }

    static OutputSlice slice(String model, int start, int end, Parameters parameters) {
        Source source = new Source(ModelRef.of(model), start, end, parameters, Location.NONE);
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
                        Optional.empty(),
                        parameters,
                        Optional.empty(),
                        Optional.empty(),
                        Optional.empty(),
                        Optional.empty(),
                        Location.NONE,
                        List.of());
        return bare.withText(RecipeWriter.write(bare));
    }
}
