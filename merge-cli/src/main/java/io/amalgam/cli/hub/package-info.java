/** Hub names on the command line, and downloads. */
@NullMarked
package io.amalgam.cli.hub;

import org.jspecify.annotations.NullMarked;
