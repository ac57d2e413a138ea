/** Batches, sweeps, soups and scores. */
@NullMarked
package io.amalgam.cli.runs;

import org.jspecify.annotations.NullMarked;
