package io.amalgam.internal.formats.hub;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * What is to be in the cache of a repository, as the hub lists it.
 *
 * @param weights those of its files that are, by name
 * @param files all of them, the weights last
 * @param absent files that a model may have and this one has not
 */
record WantedModel(
        RepoName repo,
        String commit,
        RepoCache cache,
        Set<String> weights,
        List<RemoteFile> files,
        List<String> absent) {

    /** Adds the bytes that are not there yet, by where they will be: each is fetched once. */
    void missing(Map<Path, Long> bytes) throws IOException {
        for (RemoteFile file : files) {
            Path blob = cache.blob(file.etag());
            if (!Files.exists(blob)) {
                bytes.put(blob, file.size() - DownloadedFile.keptBytes(cache, file));
            }
        }
    }

    /** Gives the files their names, when their contents are there. */
    Path put() throws IOException {
        for (RemoteFile file : files) { // The weights are the last, so that a part is no model.
            cache.putFile(commit, file.path(), file.etag());
        }
        for (String name : absent) {
            cache.putAbsent(commit, name);
        }
        cache.putCommit(repo.revision(), commit);
        return CachedModel.pathOf(cache.snapshot(commit), weights, repo.file());
    }
}
