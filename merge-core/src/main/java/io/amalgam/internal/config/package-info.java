/** Where a {@code config.json} says things: its sections and keys, with their older names. */
@org.jspecify.annotations.NullMarked
package io.amalgam.internal.config;
