package io.amalgam.recipe.yaml;

/** What all readers of one recipe share. */
record Reading(Findings findings, MergeKeys merges) {
    Reading(Findings findings) {
        this(findings, new MergeKeys(findings));
    }
}
