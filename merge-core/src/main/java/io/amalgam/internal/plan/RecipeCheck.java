package io.amalgam.internal.plan;

import io.amalgam.error.Problem;
import io.amalgam.method.MethodInfo;
import io.amalgam.method.ParameterSpec;
import io.amalgam.method.ParameterSpec.Scope;
import io.amalgam.recipe.ModelEntry;
import io.amalgam.recipe.ModelRef;
import io.amalgam.recipe.ModuleSection;
import io.amalgam.recipe.OutputSlice;
import io.amalgam.recipe.OutputSlice.LayerSource;
import io.amalgam.recipe.Parameters;
import io.amalgam.recipe.Recipe;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * A method's checks of a recipe without any model: number of models, base, and parameters. So they
 * are reported even if a model cannot be opened.
 */
final class RecipeCheck {
    private final Recipe recipe;
    private final MethodInfo method;
    private final ParameterResolver parameters;
    private final Problems problems;

    RecipeCheck(Recipe recipe, MethodInfo method, ParameterResolver parameters, Problems problems) {
        this.recipe = recipe;
        this.method = method;
        this.parameters = parameters;
        this.problems = problems;
    }

    void check() {
        for (ModuleSection section : recipe.sections()) {
            if (section.slices().isEmpty()) {
                wholeModels(section);
            }
            section.slices().forEach(slice -> slice(section, slice));
        }
    }

    private void wholeModels(ModuleSection section) {
        Set<ModelRef> models = new LinkedHashSet<>();
        section.models().forEach(entry -> models.add(entry.model()));
        boolean baseListed = recipe.baseModel().map(models::contains).orElse(true);
        recipe.baseModel().ifPresent(models::add);
        count(models, recipe.baseModel());
        List<Parameters> shared = List.of(section.parameters(), recipe.parameters());
        checkShared(shared);
        for (ModelEntry entry : section.models()) {
            checkModel(
                    entry.model(),
                    isBase(entry.model(), recipe.baseModel()),
                    List.of(entry.parameters(), section.parameters(), recipe.parameters()));
        }
        if (!baseListed) {
            checkModel(recipe.baseModel().orElseThrow(), hasBase(), shared);
        }
    }

    private void slice(ModuleSection section, OutputSlice slice) {
        Set<ModelRef> models = new LinkedHashSet<>();
        slice.sources().forEach(source -> models.add(source.model()));
        Optional<ModelRef> base = slice.baseModel().or(recipe::baseModel);
        if (hasBase() && base.isPresent() && !models.contains(base.get())) {
            problems.addOnce("base " + base.get(), notASource(base.get()));
        } else {
            boolean layersMixed = !hasBase() && method.maxModels() > 1;
            if (layersMixed) {
                count(false, slice.sources().size());
            } else {
                count(models, base.filter(models::contains));
            }
        }
        checkShared(List.of(slice.parameters(), section.parameters(), recipe.parameters()));
        for (LayerSource source : slice.sources()) {
            checkModel(
                    source.model(),
                    isBase(source.model(), base),
                    List.of(
                            source.parameters(),
                            slice.parameters(),
                            section.parameters(),
                            recipe.parameters()));
        }
    }

    private boolean hasBase() {
        return method.base() != MethodInfo.Base.ORDINARY;
    }

    private boolean isBase(ModelRef model, Optional<ModelRef> base) {
        return hasBase() && base.filter(model::equals).isPresent();
    }

    private void checkShared(List<Parameters> levels) {
        for (ParameterSpec spec : method.parameters(Scope.SHARED)) {
            parameters.require(spec, levels, "");
            levels.forEach(level -> parameters.checkValues(spec, level));
        }
    }

    private void checkModel(ModelRef model, boolean isBase, List<Parameters> levels) {
        for (ParameterSpec spec : method.parameters(Scope.PER_MODEL)) {
            if (!isBase || spec.forBase()) {
                parameters.require(spec, levels, model.toString());
                levels.forEach(level -> parameters.checkValues(spec, level));
            }
        }
    }

    private void count(Set<ModelRef> models, Optional<ModelRef> base) {
        if (method.base() == MethodInfo.Base.REQUIRED && base.isEmpty()) {
            problems.addOnce("no base", noBase());
            return;
        }
        boolean counted = hasBase() && base.isPresent();
        count(counted, models.size() - (counted ? 1 : 0));
    }

    /**
     * Reports a number of models that the method does not take.
     *
     * @param base whether there is a base beside them
     * @return whether it is right
     */
    boolean count(boolean base, int others) {
        if (fits(others)) {
            return true;
        }
        String hint =
                method.base() == MethodInfo.Base.ORDINARY && recipe.baseModel().isPresent()
                        ? "'base_model' counts as one more model for '"
                                + method.name()
                                + "'; leave it out"
                        : others < method.minModels()
                                ? "add models"
                                : "leave the others out, or choose a method that merges more";
        problems.addOnce(
                "count",
                Problem.expected(
                                "models for '"
                                        + method.name()
                                        + "'"
                                        + (base ? " besides the base" : ""),
                                method.modelCount(),
                                others)
                        .at(recipe.methodLocation())
                        .hint(hint));
        return false;
    }

    private boolean fits(int others) {
        return others >= method.minModels() && others <= method.maxModels();
    }

    /** As {@link #count}, of the models that have a tensor where others do not. */
    boolean countOfTensor(String tensor, boolean base, int others) {
        if (fits(others)) {
            return true;
        }
        problems.add(
                "count of tensor, " + others,
                Problem.expected(
                                "models with tensor '"
                                        + tensor
                                        + "' for '"
                                        + method.name()
                                        + "'"
                                        + (base ? " besides the base" : ""),
                                method.modelCount(),
                                others)
                        .at(recipe.methodLocation())
                        .hint("merge only tensors that all have, by TensorSet.INTERSECTION")
                        .ofTensor());
        return false;
    }

    private Problem noBase() {
        return Problem.of("'" + method.name() + "' needs a base model")
                .at(recipe.methodLocation())
                .hint("add 'base_model: <path>'");
    }

    private static Problem notASource(ModelRef base) {
        return Problem.of("base model '" + base + "' is not among a slice's sources")
                .at(base.location())
                .hint("with 'slices' the base must be a source of every slice");
    }
}
