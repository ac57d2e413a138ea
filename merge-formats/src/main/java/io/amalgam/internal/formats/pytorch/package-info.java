/**
 * Files of {@code torch.save}, read in place: a zip archive's directory, and a pickle as data.
 * Nothing in a pickle is run.
 */
@NullMarked
package io.amalgam.internal.formats.pytorch;

import org.jspecify.annotations.NullMarked;
