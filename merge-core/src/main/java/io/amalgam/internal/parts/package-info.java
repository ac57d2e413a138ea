/** Merges in parts: each part writes some files of a model, and all together become the model. */
@NullMarked
package io.amalgam.internal.parts;

import org.jspecify.annotations.NullMarked;
