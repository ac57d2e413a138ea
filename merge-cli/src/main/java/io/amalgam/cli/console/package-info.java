/** The terminal: text, tables, JSON, progress, exit codes. */
@NullMarked
package io.amalgam.cli.console;

import org.jspecify.annotations.NullMarked;
