package io.amalgam.internal.recipe.yaml;

/** What all readers of one recipe share. */
record ReadContext(RecipeProblems findings, MergeKeys merges) {
    ReadContext(RecipeProblems findings) {
        this(findings, new MergeKeys(findings));
    }
}
