/**
 * What a recipe says, as values: immutable, free of files and formats, each with the place it was
 * read from. Errors and warnings of later stages point there.
 */
@NullMarked
package io.amalgam.recipe;

import org.jspecify.annotations.NullMarked;
