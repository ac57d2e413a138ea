/** Exact selection by magnitude in fixed memory: top-k, ranks, order statistics and masks. */
@NullMarked
package io.amalgam.internal.method.select;

import org.jspecify.annotations.NullMarked;
