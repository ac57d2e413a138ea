/** Units of a model that may change places: hidden units, heads, the residual stream. */
@NullMarked
package io.amalgam.internal.align.groups;

import org.jspecify.annotations.NullMarked;
