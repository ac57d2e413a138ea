/**
 * Small parts that several methods share: sums in fixed lanes, layer scales, portable exponentials.
 */
@NullMarked
package io.amalgam.internal.method.common;

import org.jspecify.annotations.NullMarked;
