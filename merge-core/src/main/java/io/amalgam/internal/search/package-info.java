/** Searches for the best numbers of a recipe. */
@NullMarked
package io.amalgam.internal.search;

import org.jspecify.annotations.NullMarked;
