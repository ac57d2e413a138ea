/** Adapters extracted from the difference of two models. */
@NullMarked
package io.amalgam.internal.lora.extract;

import org.jspecify.annotations.NullMarked;
