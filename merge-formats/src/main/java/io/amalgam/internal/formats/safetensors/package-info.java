/** Single safetensors files as models. */
@NullMarked
package io.amalgam.internal.formats.safetensors;

import org.jspecify.annotations.NullMarked;
