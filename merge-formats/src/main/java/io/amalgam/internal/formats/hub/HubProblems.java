package io.amalgam.internal.formats.hub;

import io.amalgam.error.Problem;
import java.util.List;
import java.util.Optional;

/** What can be wrong with a name, in one place. */
final class HubProblems {
    private HubProblems() {}

    static Problem revision(String name, Optional<String> revision) {
        return Problem.expected(
                "revision of '" + name + "'",
                "a branch, a tag or a commit",
                "'" + revision.orElse("") + "'");
    }

    static Problem offline(RepoName repo, HubSettings settings, List<String> missing) {
        String got =
                missing.isEmpty()
                        ? "no model of that name"
                        : "a part of it, without '"
                                + missing.get(0)
                                + "'"
                                + (missing.size() == 1
                                        ? ""
                                        : " and " + (missing.size() - 1) + " more");
        return Problem.expected(
                        "model '" + repo + "'",
                        "a path, or a model in the cache '" + settings.cache() + "'",
                        got)
                .hint(
                        settings.offline()
                                ? "nothing is fetched offline: go without --offline and HF_HUB_OFFLINE, or check the name"
                                : "check the name, or download it with the hub's own client");
    }
}
