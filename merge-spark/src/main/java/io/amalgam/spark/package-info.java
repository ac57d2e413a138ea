/** Merges and federated averages on Apache Spark. */
@NullMarked
package io.amalgam.spark;

import org.jspecify.annotations.NullMarked;
