/**
 * Mixtures of experts made from dense models: the plan, the routers' rows, and the small forward
 * pass some of them need.
 */
@NullMarked
package io.amalgam.internal.structure.moe;

import org.jspecify.annotations.NullMarked;
