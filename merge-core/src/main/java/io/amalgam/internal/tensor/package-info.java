/** Conversion between float32 and the 8- and 16-bit floats. */
@NullMarked
package io.amalgam.internal.tensor;

import org.jspecify.annotations.NullMarked;
