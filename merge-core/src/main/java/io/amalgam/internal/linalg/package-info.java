/** Matrix decompositions in float64 with fixed signs and a fixed order of summation. */
@NullMarked
package io.amalgam.internal.linalg;

import org.jspecify.annotations.NullMarked;
