/** Low-rank adapters as they are stored, and what applying, combining and extracting share. */
@NullMarked
package io.amalgam.internal.lora;

import org.jspecify.annotations.NullMarked;
