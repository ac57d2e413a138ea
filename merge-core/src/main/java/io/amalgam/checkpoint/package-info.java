/**
 * Ports to models in files: readers ({@link io.amalgam.checkpoint.Checkpoint}, {@link
 * io.amalgam.checkpoint.TensorSource}) and the layout of outputs.
 */
@NullMarked
package io.amalgam.checkpoint;

import org.jspecify.annotations.NullMarked;
