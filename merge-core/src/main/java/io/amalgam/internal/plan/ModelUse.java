package io.amalgam.internal.plan;

import io.amalgam.recipe.Parameters;

/**
 * A model of a recipe with the parameters written at its entry.
 *
 * @param start its first layer, where there are slices
 */
record ModelUse(OpenModels.Model model, Parameters parameters, int start) {}
