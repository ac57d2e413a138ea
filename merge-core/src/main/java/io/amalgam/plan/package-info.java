/** A checked merge, ready to run: one task for each output tensor. */
@NullMarked
package io.amalgam.plan;

import org.jspecify.annotations.NullMarked;
