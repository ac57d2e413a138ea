package io.amalgam.internal.recipe.yaml;

/** The shared state of the readers of one recipe. */
record ReadContext(RecipeProblems findings, MergeKeys merges) {
    ReadContext(RecipeProblems findings) {
        this(findings, new MergeKeys(findings));
    }
}
