package io.amalgam.internal.formats.hub;

/**
 * A file of a commit.
 *
 * @param etag what names its contents in the cache: the sha256 of large files, git's hash of others
 * @param large whether it is kept apart from git
 */
record RemoteFile(String path, long size, String etag, boolean large) {}
