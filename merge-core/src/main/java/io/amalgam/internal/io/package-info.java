/** Writing files so that they appear whole or not at all. */
@NullMarked
package io.amalgam.internal.io;

import org.jspecify.annotations.NullMarked;
