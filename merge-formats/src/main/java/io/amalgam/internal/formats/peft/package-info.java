/**
 * LoRA adapters: read as PEFT, kohya's trainer, diffusers and AI-Toolkit name their tensors,
 * written as PEFT does.
 */
@NullMarked
package io.amalgam.internal.formats.peft;

import org.jspecify.annotations.NullMarked;
