/**
 * Element types, shapes and tensor headers. Values without behaviour beyond their own arithmetic;
 * this package depends on nothing.
 */
@NullMarked
package io.amalgam.tensor;

import org.jspecify.annotations.NullMarked;
