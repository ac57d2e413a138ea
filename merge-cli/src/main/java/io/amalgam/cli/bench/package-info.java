/** Measurements of merges against the floor of copying. */
@NullMarked
package io.amalgam.cli.bench;

import org.jspecify.annotations.NullMarked;
