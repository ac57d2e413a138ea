/** The {@code amalgam} command: its subcommands, its start and its failures. */
@NullMarked
package io.amalgam.cli;

import org.jspecify.annotations.NullMarked;
