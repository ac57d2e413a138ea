/** The form of every error message: expected, found, where, and the next step. */
@NullMarked
package io.amalgam.error;

import org.jspecify.annotations.NullMarked;
