/** What batches, sweeps, soups and averages read: recipes with places, series, scores. */
@NullMarked
package io.amalgam.internal.runs;

import org.jspecify.annotations.NullMarked;
