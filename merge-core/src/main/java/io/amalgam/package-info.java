/**
 * The entry points. {@link io.amalgam.Amalgam} combines the formats, methods and model sources;
 * {@link io.amalgam.Merge} runs a merge written in code or in a recipe file; {@link
 * io.amalgam.Checkpoints}, {@link io.amalgam.TaskVector} and {@link io.amalgam.FederatedAverager}
 * work on {@code INDArray}.
 *
 * <p>Public API: this package, {@code checkpoint}, {@code engine}, {@code error}, {@code kernel},
 * {@code method}, {@code plan}, {@code recipe}, {@code runs}, {@code tensor} and {@code
 * formats.safetensors}. Packages below {@code io.amalgam.internal} may change in any release.
 */
@NullMarked
package io.amalgam;

import org.jspecify.annotations.NullMarked;
