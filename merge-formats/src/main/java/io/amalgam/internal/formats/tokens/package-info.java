/**
 * Texts as numbers of tokens: by Hugging Face's tokenizers library, which a program that calls this
 * package has on its class path, or from files of numbers.
 */
@NullMarked
package io.amalgam.internal.formats.tokens;

import org.jspecify.annotations.NullMarked;
