/**
 * Weights written as codes and scales. {@link WeightTypes} lists what there is; a type is one file,
 * and what encodes its tensors another where none of those here does.
 */
@NullMarked
package io.amalgam.internal.formats.quantising;

import org.jspecify.annotations.NullMarked;
