/** The search for a recipe's best numbers. */
@NullMarked
package io.amalgam.cli.search;

import org.jspecify.annotations.NullMarked;
