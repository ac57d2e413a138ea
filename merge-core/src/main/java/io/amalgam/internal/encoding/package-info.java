/** How numbers lie in the bytes of a tensor: one encoding for each element type. */
@NullMarked
package io.amalgam.internal.encoding;

import org.jspecify.annotations.NullMarked;
