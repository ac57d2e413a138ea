/** Commands that run models: losses of texts, checks. */
@NullMarked
package io.amalgam.cli.judge;

import org.jspecify.annotations.NullMarked;
