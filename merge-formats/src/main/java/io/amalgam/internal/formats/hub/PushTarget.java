package io.amalgam.internal.formats.hub;

import java.util.Optional;

/**
 * Where a model is pushed, and what is allowed.
 *
 * @param name {@code org/name}
 * @param revision a branch; empty for the main one
 * @param create whether a repository or branch that is not there is made
 * @param hidden whether a repository that is made is private
 * @param replace whether one that has files is changed
 * @param message of the commit
 */
public record PushTarget(
        String name,
        Optional<String> revision,
        boolean create,
        boolean hidden,
        boolean replace,
        String message) {}
