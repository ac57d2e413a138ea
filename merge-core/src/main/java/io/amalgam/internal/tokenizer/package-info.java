/** Vocabularies: their union, the edits of tokenizer files, and embedding rows by token. */
@NullMarked
package io.amalgam.internal.tokenizer;

import org.jspecify.annotations.NullMarked;
