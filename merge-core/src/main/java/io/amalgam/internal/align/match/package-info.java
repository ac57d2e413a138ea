/** Assignments, transports and the similarities they are computed from. */
@NullMarked
package io.amalgam.internal.align.match;

import org.jspecify.annotations.NullMarked;
