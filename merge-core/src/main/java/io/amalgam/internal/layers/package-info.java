/** Layers, modules and tied tensors, found by tensor names. */
@NullMarked
package io.amalgam.internal.layers;

import org.jspecify.annotations.NullMarked;
