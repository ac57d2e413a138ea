/**
 * The interface of a merge method: its description, its parameters, and the steps that turn the
 * blocks of the inputs into the blocks of the output.
 */
@NullMarked
package io.amalgam.method;

import org.jspecify.annotations.NullMarked;
