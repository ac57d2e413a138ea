/** GGUF, the files of llama.cpp: metadata and tensors, with names and layouts of their own. */
@NullMarked
package io.amalgam.internal.formats.gguf;

import org.jspecify.annotations.NullMarked;
