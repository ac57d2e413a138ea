/**
 * The kernels on the JDK's Vector API: the only code that may use the module {@code
 * jdk.incubator.vector}. Nothing refers to this package at compile time; {@link
 * io.amalgam.internal.kernel.KernelProvider} loads it where the module is there.
 *
 * <p>Classes named {@code Vector...} hold the loops, one self-contained static method per kernel,
 * as the Vector API is fast only where the server compiler sees a whole loop at once. Until a loop
 * is compiled every vector operation allocates, so a program that cannot wait for the usual compile
 * thresholds lowers them for exactly these classes: {@code
 * -XX:CompileCommand=CompileThresholdScaling,io.amalgam.internal.kernel.simd.Vector*::*,0.1}.
 *
 * <p>Only {@code fromArray} and {@code intoArray} without masks are used: they exist, and are fast,
 * on every JDK from 17 on. Ends of arrays that do not fill a vector are done by plain loops with
 * the same arithmetic.
 */
@NullMarked
package io.amalgam.internal.kernel.simd;

import org.jspecify.annotations.NullMarked;
