/** Alignment: a model whose units are put in the order of another's. */
@NullMarked
package io.amalgam.internal.align;

import org.jspecify.annotations.NullMarked;
