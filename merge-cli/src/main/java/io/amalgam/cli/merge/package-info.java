/** Commands that plan a merge and run it. */
@NullMarked
package io.amalgam.cli.merge;

import org.jspecify.annotations.NullMarked;
