/** Reports as pages: one HTML file each, which needs no network. */
@NullMarked
package io.amalgam.cli.report;

import org.jspecify.annotations.NullMarked;
