/**
 * Recipes of several documents: a document's result is a model of another. Results that can be
 * computed while they are read are never written.
 */
@NullMarked
package io.amalgam.internal.stages;

import org.jspecify.annotations.NullMarked;
