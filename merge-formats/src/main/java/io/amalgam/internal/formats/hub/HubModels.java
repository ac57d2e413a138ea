package io.amalgam.internal.formats.hub;

import io.amalgam.error.BadInputException;
import io.amalgam.error.Problem;
import io.amalgam.internal.checkpoint.RemoteModels;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Objects;
import java.util.Optional;

/**
 * Models of the cache that is shared with the Python client; what it lacks is downloaded into it.
 */
public final class HubModels implements RemoteModels {
    private final HubSettings settings;
    private final HubListener listener;

    public HubModels(HubSettings settings, HubListener listener) {
        this.settings = settings;
        this.listener = listener;
    }

    @Override
    public boolean takes(String name) {
        return RepoName.parse(name, Optional.empty()).isPresent();
    }

    @Override
    public boolean isCertain(String name, Optional<String> revision) {
        return isExplicit(name)
                || revision.isPresent()
                || name.contains("@")
                || RepoName.parse(name, revision).flatMap(this::cached).isPresent();
    }

    /** Whether a text says itself that it is no path. */
    static boolean isExplicit(String name) {
        return name.startsWith(RepoName.SCHEME);
    }

    @Override
    public String asName(String name) {
        return isExplicit(name) ? name : RepoName.SCHEME + name;
    }

    @Override
    public Optional<Path> present(String name, Optional<String> revision) {
        return RepoName.parse(name, revision)
                .flatMap(this::cached)
                .filter(model -> model.isWhole() || (settings.offline() && model.hasWeights()))
                .map(CachedModel::path);
    }

    /** Whether the cache has all that a merge reads of a model, if not all that it copies. */
    boolean hasWeights(RepoName repo) {
        return cached(repo).map(CachedModel::hasWeights).orElse(false);
    }

    @Override
    public Path fetch(String name, Optional<String> revision) throws IOException {
        RepoName repo = parse(name, revision);
        Optional<CachedModel> cached = cached(repo);
        return cached.isPresent() && cached.get().isWhole()
                ? cached.get().path()
                : newest(repo, cached, isExplicit(name));
    }

    /** A client may have fetched some files alone, and without the hub no one knows of others. */
    @Override
    public List<Problem> remarks(String name, Optional<String> revision) {
        List<String> unknown =
                RepoName.parse(name, revision)
                        .flatMap(this::cached)
                        .filter(CachedModel::hasWeights)
                        .map(CachedModel::unknown)
                        .orElse(List.of());
        return unknown.isEmpty() ? List.of() : List.of(HubProblems.partly(name, unknown, settings));
    }

    /**
     * As {@link #fetch}, of the commit that the revision is now.
     *
     * @param name as written, with or without a revision
     */
    public Path download(String name) throws IOException {
        RepoName repo = parse(name, Optional.empty());
        return newest(repo, cached(repo), true);
    }

    private static RepoName parse(String name, Optional<String> revision) {
        return RepoName.parse(name, revision)
                .orElseThrow(() -> new BadInputException(HubProblems.revision(name, revision)));
    }

    private Path newest(RepoName repo, Optional<CachedModel> cached, boolean explicit)
            throws IOException {
        boolean usable = cached.isPresent() && cached.get().hasWeights();
        if (settings.offline()) {
            if (usable) {
                return cached.get().path();
            }
            List<String> missing = cached.isPresent() ? cached.get().missing() : List.of();
            throw new BadInputException(HubProblems.offline(repo, settings, missing));
        }
        HubClient client = new HubClient(settings, listener);
        try {
            return download(client, repo);
        } catch (FileSystemException e) {
            throw HubProblems.cache("'" + repo + "'", e);
        } catch (HubUnreachableException e) {
            if (usable) {
                return cached.get().path();
            }
            throw HubProblems.unreachable(repo, client, explicit, e);
        }
    }

    private Path download(HubClient client, RepoName repo) throws IOException {
        RepoListing listing = RepoListing.of(client, repo);
        RepoCache cache = new RepoCache(settings.cache(), repo.id());
        String commit = listing.commit();
        cache.prepare();
        Fetching fetching =
                files -> new Download(client, listener, repo, commit, cache).fetch(files);
        WantedFiles wanted =
                WantedFiles.of(
                        listing.files().keySet(),
                        repo.file(),
                        name -> {
                            RemoteFile file = Objects.requireNonNull(listing.files().get(name));
                            fetching.fetch(List.of(file));
                            return SmallJson.names(Files.readAllBytes(cache.blob(file.etag())));
                        });
        List<RemoteFile> files = new ArrayList<>();
        for (String name : wanted.all()) {
            RemoteFile file = listing.files().get(name);
            if (file != null) { // What the index names and nobody has is said when it is opened.
                files.add(file);
            }
        }
        requireOne(repo, wanted, settings);
        fetching.fetch(files);
        for (RemoteFile file : files) { // The weights are the last, so that a part is no model.
            cache.putFile(commit, file.path(), file.etag());
        }
        for (String name : CachedModel.askedFor()) {
            if (!listing.files().containsKey(name)) {
                cache.putAbsent(commit, name);
            }
        }
        cache.putCommit(repo.revision(), commit);
        return CachedModel.pathOf(cache.snapshot(commit), wanted.weights(), repo.file());
    }

    /** Makes sure that there are weights, and it is clear which are meant. */
    static void requireOne(RepoName repo, WantedFiles wanted, HubSettings settings) {
        if (!wanted.choices().isEmpty()) {
            throw new BadInputException(HubProblems.choices(repo, wanted.choices()));
        }
        if (wanted.weights().isEmpty()) {
            throw new BadInputException(HubProblems.nothingToMerge(repo, settings));
        }
    }

    private interface Fetching {
        void fetch(Collection<RemoteFile> files) throws IOException;
    }

    private Optional<CachedModel> cached(RepoName repo) {
        try {
            return CachedModel.of(new RepoCache(settings.cache(), repo.id()), repo);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
