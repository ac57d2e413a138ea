/** From a recipe and the headers of its models to a plan, or to all problems at once. */
@NullMarked
package io.amalgam.internal.plan;

import org.jspecify.annotations.NullMarked;
