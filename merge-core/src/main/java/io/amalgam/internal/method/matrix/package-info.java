/** Shared parts of methods that work on whole matrices. */
@NullMarked
package io.amalgam.internal.method.matrix;

import org.jspecify.annotations.NullMarked;
