/** Low-rank adapters: applied to a base, combined with each other, extracted from two models. */
@NullMarked
package io.amalgam.internal.lora;

import org.jspecify.annotations.NullMarked;
