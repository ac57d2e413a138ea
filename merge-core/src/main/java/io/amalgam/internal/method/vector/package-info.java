/** Methods on models as vectors: Gram matrices, and combinations by coefficients. */
@NullMarked
package io.amalgam.internal.method.vector;

import org.jspecify.annotations.NullMarked;
