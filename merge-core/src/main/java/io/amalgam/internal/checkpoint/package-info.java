/**
 * Tensor sources that other sources are made of (renamed, sliced, stacked, transposed), and paths
 * as users write them.
 */
@NullMarked
package io.amalgam.internal.checkpoint;

import org.jspecify.annotations.NullMarked;
