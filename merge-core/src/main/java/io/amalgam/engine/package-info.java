/** Running a plan: options, progress, cancellation and the report. */
@NullMarked
package io.amalgam.engine;

import org.jspecify.annotations.NullMarked;
