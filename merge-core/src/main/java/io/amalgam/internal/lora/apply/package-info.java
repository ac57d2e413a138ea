/** A base model with adapters applied: matching modules, deltas, saved and resized tensors. */
@NullMarked
package io.amalgam.internal.lora.apply;

import org.jspecify.annotations.NullMarked;
