/** Runs plans: the only threads, and the only writer of models. */
@NullMarked
package io.amalgam.internal.engine;

import org.jspecify.annotations.NullMarked;
