/** What runs on the executors, and models in Hadoop's file systems. */
@NullMarked
package io.amalgam.internal.spark;

import org.jspecify.annotations.NullMarked;
