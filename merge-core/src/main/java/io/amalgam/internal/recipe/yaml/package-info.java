/**
 * Recipe text to {@link io.amalgam.recipe.Recipe}, or to all that is wrong with it, each with its
 * line and column. The language is mergekit's: YAML 1.1 as Python's safe loader reads it, with the
 * keys of mergekit 0.1.5.
 */
@NullMarked
package io.amalgam.internal.recipe.yaml;

import org.jspecify.annotations.NullMarked;
