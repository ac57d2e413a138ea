/** The README.md of a merged model, as the Hugging Face Hub wants it. */
@NullMarked
package io.amalgam.internal.card;

import org.jspecify.annotations.NullMarked;
