/**
 * Models put together from the parts of others: layers stacked, depth scaled up, dense models made
 * experts. What comes out is a recipe or a plan like any other; the engine knows nothing of it.
 */
@NullMarked
package io.amalgam.internal.structure;

import org.jspecify.annotations.NullMarked;
