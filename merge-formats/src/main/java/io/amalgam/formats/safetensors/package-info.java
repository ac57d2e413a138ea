/**
 * The safetensors format: a header of names, types, shapes and offsets in JSON, then the tensors'
 * bytes, little-endian, one after another (<a
 * href="https://github.com/huggingface/safetensors">specification</a>).
 *
 * <p>To read, {@link io.amalgam.formats.safetensors.SafetensorsFile#open}; to write what is in
 * memory, {@link io.amalgam.formats.safetensors.SafetensorsWriter#write}; to write what is not,
 * {@link io.amalgam.formats.safetensors.SafetensorsLayout} gives the header and the place of every
 * tensor. Files may be of any length.
 *
 * <p>A file that breaks one of the {@linkplain
 * io.amalgam.formats.safetensors.SafetensorsException.Rule rules} is refused with a {@link
 * io.amalgam.formats.safetensors.SafetensorsException}, whatever its bytes are. The rules are those
 * of the reference implementation, and stricter in that names and keys may not appear twice,
 * entries are objects, sizes are of 63 bits, numbers have at most 1000 digits, and a shape has at
 * most 256 dimensions.
 */
@NullMarked
package io.amalgam.formats.safetensors;

import org.jspecify.annotations.NullMarked;
