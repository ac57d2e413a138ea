/**
 * Mixtures of experts made from dense models: the plan, the routers' rows, and the small forward
 * pass some of them need.
 */
package io.amalgam.structure.moe;
