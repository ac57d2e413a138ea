/**
 * Files of {@code torch.save}, read in place: a zip archive's directory, and a pickle as data.
 * Nothing in a pickle is run.
 */
package io.amalgam.formats.pytorch;
