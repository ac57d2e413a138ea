package io.amalgam.internal.formats.hub;

import java.util.List;

/**
 * What was pushed, or would be.
 *
 * @param url of the repository's branch
 * @param commit empty if none was made
 * @param created whether the repository is new
 * @param files new or changed ones, in their order
 * @param bytes of these
 * @param sent bytes of large files that the hub did not have; 0 if nothing was sent
 * @param unchanged files that are there as they are
 * @param removed weights of the repository that the folder does not have
 * @param kept other files of the repository that the folder does not have
 */
public record Pushed(
        String url,
        String commit,
        boolean created,
        List<String> files,
        long bytes,
        long sent,
        int unchanged,
        List<String> removed,
        List<String> kept) {}
