/** Commands that look and change nothing. */
@NullMarked
package io.amalgam.cli.inspect;

import org.jspecify.annotations.NullMarked;
