package io.amalgam;

import io.amalgam.internal.recipe.RecipeWriter;
import io.amalgam.recipe.ModelRef;
import io.amalgam.recipe.ModuleSection;
import io.amalgam.recipe.Recipe;
import io.amalgam.recipe.Recipe.QuantisedType;
import io.amalgam.tensor.DType;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.stream.Stream;

/** A recipe that is being built in code, by {@link Merge}. */
final class CodeRecipe {
    final ArrayModels arrays = new ArrayModels();
    final MergeInputs inputs = new MergeInputs(arrays, "arrays-");
    private final String method;
    private final Map<String, ModuleSection> modules = new LinkedHashMap<>();
    Optional<ModelRef> base = Optional.empty();
    Optional<DType> dtype = Optional.empty();
    Optional<DType> outDtype = Optional.empty();

    CodeRecipe(String method) {
        this.method = method;
    }

    /**
     * @throws IllegalArgumentException if the name is blank or was given before
     */
    void module(String name, Consumer<MergeInputs> says) {
        if (name.isBlank() || modules.containsKey(name)) {
            throw new IllegalArgumentException(
                    name.isBlank()
                            ? "a module needs a name"
                            : "module '" + name + "' is given twice");
        }
        MergeInputs own = new MergeInputs(arrays, "arrays-" + name + "-");
        says.accept(own);
        modules.put(name, own.section(name));
    }

    /** The recipe with its text, as {@link Merge#recipe} describes it. */
    Recipe recipe(Optional<QuantisedType> quantised) {
        long kinds =
                Stream.of(inputs.hasModels(), inputs.hasSlices(), !modules.isEmpty())
                        .filter(given -> given)
                        .count();
        if (kinds != 1) {
            throw new IllegalStateException("a merge has either models, slices or modules");
        }
        if (quantised.isPresent() && outDtype.isPresent()) {
            throw new IllegalStateException("a merge has either outDtype(...) or quantise(...)");
        }
        Recipe untyped =
                modules.isEmpty()
                        ? inputs.recipe(method, base)
                        : Recipe.ofModules(
                                method, List.copyOf(modules.values()), base, inputs.parameters());
        Recipe typed = untyped.withTypes(dtype, outDtype);
        Recipe recipe = quantised.map(typed::withQuantised).orElse(typed);
        return recipe.withText(RecipeWriter.write(recipe));
    }
}
