/** The scalar block operations, which specify the vector ones, and the choice between them. */
@NullMarked
package io.amalgam.internal.kernel;

import org.jspecify.annotations.NullMarked;
