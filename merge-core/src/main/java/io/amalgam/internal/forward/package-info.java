/**
 * The forward pass of Llama-kind decoders over streamed weights: for gates from prompts, losses of
 * texts and statistics of inputs.
 */
@NullMarked
package io.amalgam.internal.forward;

import org.jspecify.annotations.NullMarked;
