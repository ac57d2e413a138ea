/** Many merges at once: batches with sweeps over values, and soups chosen by score. */
@NullMarked
package io.amalgam.runs;

import org.jspecify.annotations.NullMarked;
