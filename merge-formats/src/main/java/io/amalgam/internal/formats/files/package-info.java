/** Files of any format: their kind by the first bytes, and the names of weights files. */
@NullMarked
package io.amalgam.internal.formats.files;

import org.jspecify.annotations.NullMarked;
