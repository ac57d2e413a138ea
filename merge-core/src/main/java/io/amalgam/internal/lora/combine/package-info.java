/** Adapters combined with each other to one adapter. */
@NullMarked
package io.amalgam.internal.lora.combine;

import org.jspecify.annotations.NullMarked;
