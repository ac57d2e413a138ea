package io.amalgam.internal.formats.hub;

import io.amalgam.error.BadInputException;
import io.amalgam.internal.checkpoint.RemoteModels;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.List;
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
    public Optional<Path> present(String name, Optional<String> revision) {
        return RepoName.parse(name, revision)
                .flatMap(this::cached)
                .filter(model -> model.isWhole() || settings.offline() && model.hasWeights())
                .map(CachedModel::path);
    }

    @Override
    public Path fetch(String name, Optional<String> revision) throws IOException {
        RepoName repo =
                RepoName.parse(name, revision)
                        .orElseThrow(
                                () -> new BadInputException(HubProblems.revision(name, revision)));
        Optional<CachedModel> cached = cached(repo);
        if (cached.isPresent() && cached.get().isWhole()) {
            return cached.get().path();
        }
        if (settings.offline()) {
            if (cached.isPresent() && cached.get().hasWeights()) {
                return cached.get().path();
            }
            throw new BadInputException(
                    HubProblems.offline(
                            repo, settings, cached.map(CachedModel::missing).orElse(List.of())));
        }
        throw new BadInputException(
                HubProblems.offline(
                        repo, settings, cached.map(CachedModel::missing).orElse(List.of())));
    }

    private Optional<CachedModel> cached(RepoName repo) {
        try {
            return CachedModel.of(new RepoCache(settings.cache(), repo.id()), repo.revision());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
