/** Many merges with one command. */
@NullMarked
package io.amalgam.cli.batch;

import org.jspecify.annotations.NullMarked;
