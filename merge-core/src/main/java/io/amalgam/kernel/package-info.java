/**
 * Operations on blocks of elements for merge methods: {@link io.amalgam.kernel.Kernels} and its
 * per-thread scratch arrays. Methods get an instance with each block.
 */
@NullMarked
package io.amalgam.kernel;

import org.jspecify.annotations.NullMarked;
