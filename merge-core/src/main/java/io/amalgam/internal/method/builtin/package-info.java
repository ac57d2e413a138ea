/** The built-in merge methods: one file for each method or family. */
@NullMarked
package io.amalgam.internal.method.builtin;

import org.jspecify.annotations.NullMarked;
