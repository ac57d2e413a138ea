/** Sparse task vectors as files. */
@NullMarked
package io.amalgam.internal.lora.taskvector;

import org.jspecify.annotations.NullMarked;
