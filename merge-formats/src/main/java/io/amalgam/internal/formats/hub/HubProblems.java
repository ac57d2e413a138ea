package io.amalgam.internal.formats.hub;

import io.amalgam.error.BadInputException;
import io.amalgam.error.Problem;
import java.net.URI;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Path;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Optional;

/** What can be wrong with a name, in one place. The token is in none of the messages. */
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
                        "nothing is fetched offline: go without HubSettings.offline and HF_HUB_OFFLINE, or check the name");
    }

    /**
     * A name that nobody confirmed may be a path with a mistake in it; else it is no fault of the
     * input, and another time the hub may be reached.
     *
     * @param explicit whether it is certainly no path
     */
    static BadInputException unreachable(
            RepoName repo, HubClient client, boolean explicit, HubUnreachableException cause) {
        URI endpoint = client.settings().endpoint();
        String reason = Objects.requireNonNullElse(cause.getMessage(), "no answer");
        String what = "model '" + repo + "'";
        boolean certain = explicit || client.hasHeard();
        return new BadInputException(
                certain
                        ? Problem.expected(what, "an answer of " + endpoint, reason)
                                .hint(
                                        "check the connection and the proxy, then give the same command again: what was fetched is kept")
                                .ofStorage()
                        : Problem.expected(
                                        what,
                                        "a path, or an answer of " + endpoint,
                                        "nothing at the path, and " + reason)
                                .hint(
                                        "check the path, or for a model of the hub the connection and the proxy"),
                cause);
    }

    static Problem choices(RepoName repo, List<String> files) {
        return Problem.expected(
                        "repository '" + repo + "'",
                        "one file with weights",
                        "'" + String.join("', '", files) + "'")
                .hint(
                        "name one, as in '"
                                + repo.id()
                                + ":"
                                + files.get(0)
                                + (repo.revision().equals(RepoName.NEWEST)
                                        ? ""
                                        : "@" + repo.revision())
                                + "'");
    }

    static Problem nothingToMerge(RepoName repo, HubSettings settings) {
        String place = settings.endpoint() + "/" + repo.id();
        return repo.file().isPresent()
                ? Problem.of("no file '" + repo.file().get() + "' in '" + repo.id() + "'")
                        .hint("see its files at " + place)
                : nothing(repo, place);
    }

    private static Problem nothing(RepoName repo, String place) {
        return Problem.expected(
                        "repository '" + repo + "'", "safetensors, PyTorch or GGUF weights", "none")
                .hint("see its files at " + place);
    }

    static Problem notByHeader(RepoName repo, String file) {
        return Problem.expected(
                        "weights of '" + repo + "'",
                        "safetensors or GGUF, whose headers can be read alone",
                        "'" + file + "'")
                .hint("give 'amalgam download " + repo + "' first");
    }

    static Problem noRanges(RepoName repo, RemoteFile file, URI address) {
        return Problem.expected(
                        "'" + file.path() + "' of '" + repo + "'",
                        "parts of " + file.size() + " bytes, as asked for",
                        "another answer of " + address.getHost())
                .hint("give 'amalgam download " + repo + "' first");
    }

    static Problem changing(RepoName repo, RemoteFile file) {
        return Problem.of(
                        "'"
                                + file.path()
                                + "' of '"
                                + repo
                                + "' has other bytes than when the same part was fetched before")
                .hint("a proxy or mirror changes it: fetch it another way");
    }

    static Problem damagedEntry(RepoName repo, RemoteFile file, String entry) {
        return Problem.of(
                        "'"
                                + file.path()
                                + "' of '"
                                + repo
                                + "' is damaged: entry '"
                                + entry
                                + "' has another checksum (CRC-32) than its directory says")
                .hint("give 'amalgam download " + repo + "' first");
    }

    static Problem bufferSpace(Path folder, long needed, long free) {
        return Problem.expected(
                        "cache '" + folder + "'",
                        needed + " bytes free for what is streamed",
                        free + " bytes")
                .hint("free some space, or lower HubHeaders.size")
                .ofStorage();
    }

    /**
     * The cache's disk is too small for what is missing.
     *
     * @param repos what of
     * @param needed bytes of all together
     */
    static Problem space(Collection<RepoName> repos, Path cache, long needed, long free) {
        String names = String.join(", ", repos.stream().map(repo -> "'" + repo + "'").toList());
        return Problem.expected(
                        "cache '" + cache + "'",
                        needed + " bytes free for " + names + (repos.size() > 1 ? " together" : ""),
                        free + " bytes")
                .hint("free some space, or set HF_HOME to a folder on another disk")
                .ofStorage();
    }

    /** A model of the cache that may lack files. */
    static Problem partly(String name, List<String> unknown, HubSettings settings) {
        return Problem.expected(
                        "model '" + name + "' in the cache '" + settings.cache() + "'",
                        "all files of the repository",
                        "none named "
                                + String.join(
                                        " and ", unknown.stream().map(f -> "'" + f + "'").toList())
                                + ", as it was fetched in part")
                .hint("give 'amalgam download " + name + "' first; the output lacks what they say");
    }

    /**
     * The cache cannot take what came.
     *
     * @param what came
     */
    static BadInputException cache(String what, FileSystemException e) {
        String reason =
                e instanceof AccessDeniedException
                        ? "no permission"
                        : e instanceof FileAlreadyExistsException
                                ? "a file is in the way"
                                : Objects.requireNonNullElse(
                                        e.getReason(), e.getClass().getSimpleName());
        return new BadInputException(
                Problem.of(
                                "%s cannot be put into the cache: '%s': %s"
                                        .formatted(what, e.getFile(), lower(reason)))
                        .hint("free some space, or set HF_HOME to another folder")
                        .ofStorage(),
                e);
    }

    /** Messages of the system begin with a capital letter. */
    private static String lower(String text) {
        return text.isEmpty()
                ? text
                : text.substring(0, 1).toLowerCase(Locale.ROOT) + text.substring(1);
    }

    static Problem damaged(RepoName repo, RemoteFile file, String hash) {
        return Problem.expected(
                        "'" + file.path() + "' of '" + repo + "'",
                        (file.large() ? "sha256 " : "git hash ") + file.etag(),
                        hash + ", however often it was fetched")
                .hint("a proxy or mirror changes it: fetch it another way");
    }

    /**
     * Of an answer that is not what was asked for.
     *
     * @param file what was asked for; empty for the repository itself
     */
    static Problem of(RepoName repo, HubAnswer answer, String file, HubSettings settings) {
        String endpoint = settings.endpoint().toString();
        boolean known = settings.token().isPresent();
        String subject = "repository '" + repo.id() + "'";
        String place = endpoint + "/" + repo.id();
        if (answer.code().equals("GatedRepo")) {
            return Problem.of(subject + " is gated: its owner grants access")
                    .hint(
                            known
                                    ? "ask at " + place + " with the account of this token"
                                    : "ask at " + place + ", then set HF_TOKEN");
        }
        if (answer.code().equals("RevisionNotFound")) {
            return Problem.expected(
                            "revision '" + repo.revision() + "' of '" + repo.id() + "'",
                            "a branch, a tag or a commit",
                            "none of that name")
                    .hint("see " + place + "/tree/main");
        }
        if (answer.code().equals("EntryNotFound")) {
            return Problem.of("no file '" + file + "' in '" + repo + "'")
                    .hint("see its files at " + place);
        }
        int status = answer.status();
        if (status == 404 || answer.code().equals("RepoNotFound") || (status == 401 && !known)) {
            return Problem.expected(
                            "model '" + repo + "'",
                            "a path, or a repository of " + endpoint,
                            "neither")
                    .hint(
                            known
                                    ? "check the name; the token may not see it, if it is private"
                                    : "check the name; if it is private or gated, set HF_TOKEN");
        }
        if (status == 401 || status == 403) {
            return Problem.of("the token is refused by " + endpoint)
                    .hint("check HF_TOKEN, or the file 'token' in HF_HOME");
        }
        return Problem.of(
                        (file.isEmpty() ? subject : "'" + file + "' of '" + repo + "'")
                                + " cannot be fetched: "
                                + endpoint
                                + " answers "
                                + status)
                .hint(
                        HubAnswer.isBusy(status)
                                ? "give the same command again later: what was fetched is kept"
                                : "check HF_ENDPOINT and the proxy");
    }

    /** In the middle of a push. */
    static BadInputException unreachable(
            RepoName repo, HubClient client, HubUnreachableException cause) {
        return new BadInputException(
                Problem.expected(
                                "repository '" + repo + "'",
                                "an answer of " + client.settings().endpoint(),
                                Objects.requireNonNullElse(cause.getMessage(), "no answer"))
                        .hint(
                                "check the connection and the proxy, then give the same command again: what was sent is kept")
                        .ofStorage(),
                cause);
    }

    static Problem pushNeeds(HubSettings settings) {
        return settings.offline()
                ? Problem.of("nothing is pushed offline")
                        .hint("go without HubSettings.offline and HF_HUB_OFFLINE")
                : Problem.expected("token for " + settings.endpoint(), "one that may write", "none")
                        .hint("set HF_TOKEN");
    }

    static Problem pushName(PushTarget target) {
        return Problem.expected(
                "repository '"
                        + target.name()
                        + target.revision().map(r -> "@" + r).orElse("")
                        + "'",
                "a name as in 'org/model'",
                "none");
    }

    static Problem pushFolder(Path folder, String found) {
        Problem problem =
                Problem.expected("folder '" + folder + "'", "the files of a model", found);
        return found.contains("merge")
                ? problem.hint("finish it with EngineOptions.resume(true) first")
                : problem;
    }

    static Problem notThere(RepoName repo, boolean branch, HubSettings settings) {
        return Problem.expected(
                        branch
                                ? "branch '" + repo.revision() + "' of '" + repo.id() + "'"
                                : "repository '" + repo.id() + "'",
                        "one of " + settings.endpoint() + " that the token may write to",
                        "none")
                .hint("check the name, or set PushTarget.create");
    }

    static Problem notHidden(RepoName repo, HubSettings settings) {
        return Problem.expected("repository '" + repo.id() + "'", "a private one", "a public one")
                .hint(
                        "nothing was pushed: make it private at "
                                + settings.endpoint()
                                + "/"
                                + repo.id()
                                + "/settings, then push again");
    }

    static Problem existing(RepoName repo, long existing, int changed, int removed) {
        return Problem.expected(
                        "repository '" + repo + "'",
                        "an empty one",
                        existing
                                + " files, of which or beside which "
                                + changed
                                + " would be put"
                                + (removed == 0 ? "" : " and " + removed + " removed"))
                .hint("see what a dry run would do, then set PushTarget.replace");
    }

    static Problem refused(RepoName repo, String file, String reason) {
        return Problem.of("'" + file + "' is not taken by '" + repo + "': " + reason);
    }

    static Problem moved(RepoName repo, HubSettings settings) {
        return Problem.of("'" + repo + "' was changed by another commit during the push")
                .hint(
                        "see "
                                + settings.endpoint()
                                + "/"
                                + repo.id()
                                + "/commits, then give the same command again: what was sent is kept");
    }

    /**
     * Of a push that the hub does not do.
     *
     * @param reason in its own words; empty if it gave none
     */
    static Problem ofPush(RepoName repo, HubAnswer answer, HubSettings settings, String reason) {
        int status = answer.status();
        String what =
                status == 401 || status == 403
                        ? "the token may not write to '" + repo.id() + "'"
                        : "'"
                                + repo
                                + "' is not pushed: "
                                + settings.endpoint()
                                + " answers "
                                + status;
        Problem problem = Problem.of(reason.isEmpty() ? what : what + " (" + reason + ")");
        return HubAnswer.isBusy(status)
                ? problem.hint("give the same command again later: what was sent is kept")
                        .ofStorage()
                : status == 401 || status == 403
                        ? problem.hint(
                                "make one with write access at "
                                        + settings.endpoint()
                                        + "/settings/tokens, and set HF_TOKEN")
                        : problem;
    }
}
