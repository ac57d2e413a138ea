/** Options and arguments that several commands share. */
@NullMarked
package io.amalgam.cli.options;

import org.jspecify.annotations.NullMarked;
