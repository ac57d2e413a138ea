/** Recipes of mixtures of experts, and recipes as text. */
@NullMarked
package io.amalgam.internal.recipe;

import org.jspecify.annotations.NullMarked;
