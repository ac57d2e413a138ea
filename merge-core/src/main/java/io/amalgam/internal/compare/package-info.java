/** What differs between models: one pass over their tensors, their settings, their tokenizers. */
@org.jspecify.annotations.NullMarked
package io.amalgam.internal.compare;
