/** Merges from recipe to files, with the formats of this module: what needs real models. */
package io.amalgam.endtoend;
