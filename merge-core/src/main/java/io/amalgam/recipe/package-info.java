/**
 * What a recipe says, as values: immutable, free of files and formats, each with the place it was
 * read from. Errors and warnings of later stages point there.
 */
package io.amalgam.recipe;
