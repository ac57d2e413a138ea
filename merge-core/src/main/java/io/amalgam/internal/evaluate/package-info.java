/** Models judged by texts: losses of tokens, and checks that a model can be run. */
@NullMarked
package io.amalgam.internal.evaluate;

import org.jspecify.annotations.NullMarked;
