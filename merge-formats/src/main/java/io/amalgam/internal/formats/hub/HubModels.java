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
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Models of the cache that is shared with the Python client; what it lacks is downloaded into it.
 */
public final class HubModels implements RemoteModels {
    private final HubSettings settings;
    private final HubListener listener;
    private final FreeSpace space;

    /** What the hub said of models that are to be fetched. */
    private final Map<RepoName, Looked> announced = new ConcurrentHashMap<>();

    public HubModels(HubSettings settings, HubListener listener) {
        this(settings, listener, FreeSpace.REAL);
    }

    HubModels(HubSettings settings, HubListener listener, FreeSpace space) {
        this.settings = settings;
        this.listener = listener;
        this.space = space;
    }

    /** What the hub said of a model: what is to be fetched, or why nothing can be. */
    private interface Looked {
        WantedModel get() throws IOException;
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

    /** Compares what is missing of all of them with the space that is free. */
    @Override
    public void announce(Collection<Named> names) throws IOException {
        Set<RepoName> repos = new LinkedHashSet<>();
        for (Named each : names) {
            RepoName.parse(each.name(), each.revision())
                    .filter(repo -> cached(repo).filter(CachedModel::isWhole).isEmpty())
                    .ifPresent(repos::add);
        }
        lookAt(repos);
    }

    /**
     * As {@link #announce}, of the commits that the revisions are now.
     *
     * @param names as written, with or without revisions
     */
    public void announceNewest(Collection<String> names) throws IOException {
        Set<RepoName> repos = new LinkedHashSet<>();
        for (String name : names) {
            RepoName.parse(name, Optional.empty()).ifPresent(repos::add);
        }
        lookAt(repos);
    }

    private void lookAt(Set<RepoName> repos) throws IOException {
        if (settings.offline() || repos.size() < 2) { // One alone is seen to when it is fetched.
            return;
        }
        HubClient client = new HubClient(settings, listener);
        Map<Path, Long> missing = new HashMap<>();
        List<RepoName> lacking = new ArrayList<>();
        for (RepoName repo : repos) {
            Looked looked;
            try {
                WantedModel model = look(client, repo);
                int before = missing.size();
                model.missing(missing);
                if (missing.size() > before) {
                    lacking.add(repo);
                }
                looked = () -> model;
            } catch (BadInputException | HubUnreachableException | FileSystemException e) {
                looked = failed(e);
            }
            announced.put(repo, looked);
        }
        long bytes = missing.values().stream().mapToLong(Long::longValue).sum();
        if (bytes > 0) {
            try {
                space.require(bytes, lacking, settings.cache());
            } catch (BadInputException e) {
                announced.keySet().removeAll(repos);
                throw e;
            }
        }
    }

    private static Looked failed(Exception e) {
        return () -> {
            if (e instanceof BadInputException input) {
                throw input;
            }
            throw (IOException) e;
        };
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
            Looked looked = announced.remove(repo);
            WantedModel model = looked == null ? look(client, repo) : looked.get();
            download(client, repo, model.commit(), model.cache(), model.files());
            return model.put();
        } catch (FileSystemException e) {
            throw HubProblems.cache("'" + repo + "'", e);
        } catch (HubUnreachableException e) {
            if (usable) {
                return cached.get().path();
            }
            throw HubProblems.unreachable(repo, client, explicit, e);
        }
    }

    /** What the hub says of a model; nothing but indices is fetched. */
    private WantedModel look(HubClient client, RepoName repo) throws IOException {
        RepoListing listing = RepoListing.of(client, repo);
        RepoCache cache = new RepoCache(settings.cache(), repo.id());
        cache.prepare();
        WantedFiles wanted =
                WantedFiles.of(
                        listing.files().keySet(),
                        repo.file(),
                        name -> {
                            RemoteFile file = Objects.requireNonNull(listing.files().get(name));
                            download(client, repo, listing.commit(), cache, List.of(file));
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
        List<String> absent =
                CachedModel.askedFor().stream()
                        .filter(name -> !listing.files().containsKey(name))
                        .toList();
        return new WantedModel(repo, listing.commit(), cache, wanted.weights(), files, absent);
    }

    private void download(
            HubClient client,
            RepoName repo,
            String commit,
            RepoCache cache,
            Collection<RemoteFile> files)
            throws IOException {
        new Download(client, space, listener, repo, commit, cache).fetch(files);
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

    private Optional<CachedModel> cached(RepoName repo) {
        try {
            return CachedModel.of(new RepoCache(settings.cache(), repo.id()), repo);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
