/**
 * Quantised weights read as what they stand for: each tensor of codes, with its scales, is one
 * dense tensor that is decoded block by block while it is read.
 */
@NullMarked
package io.amalgam.internal.formats.quantised;

import org.jspecify.annotations.NullMarked;
