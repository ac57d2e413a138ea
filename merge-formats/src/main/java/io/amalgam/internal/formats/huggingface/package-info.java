/**
 * Model directories as Hugging Face's libraries write them: weights in {@code model.safetensors},
 * or in shards found through {@code model.safetensors.index.json}, or by diffusers' names; settings
 * in {@code config.json}; tokenizer and the like beside them.
 *
 * <p>{@link io.amalgam.internal.formats.huggingface.HuggingFaceFormat} opens such directories and
 * lays out new ones. {@link io.amalgam.internal.formats.huggingface.ConfigPatch} makes a merged
 * model's {@code config.json} from its donor's.
 */
@NullMarked
package io.amalgam.internal.formats.huggingface;

import org.jspecify.annotations.NullMarked;
