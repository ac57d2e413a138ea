package io.amalgam.internal.formats.hub;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** A commit in the cache, which may have any part of its repository's files. */
final class CachedModel {
    /** A client that fetched the weights alone says nothing of these. */
    private static final List<String> ASKED_FOR =
            List.of("config.json", "tokenizer_config.json", "tokenizer.json");

    /** What a tokenizer's settings are nothing without. */
    private static final Pattern TOKENS =
            Pattern.compile(
                    "(tokenizer|vocab|spiece|sentencepiece|merges).*\\.(json|model|txt)|.*\\.tiktoken");

    private static final String TOKENIZER_SETTINGS = "tokenizer_config.json";
    private static final int DEPTH = 6;

    private final RepoCache cache;
    private final String commit;
    private final Path snapshot;
    private final List<String> present;
    private final WantedFiles wanted;
    private final Optional<String> named;

    private CachedModel(RepoCache cache, String commit, Optional<String> named) throws IOException {
        this.cache = cache;
        this.commit = commit;
        this.snapshot = cache.snapshot(commit);
        this.present = files(snapshot, Files::isRegularFile);
        this.named = named;
        this.wanted =
                WantedFiles.of(
                        present,
                        named,
                        name -> SmallJson.names(Files.readAllBytes(snapshot.resolve(name))));
    }

    /** The commit that a revision is in the cache; empty if there is none. */
    static Optional<CachedModel> of(RepoCache cache, RepoName repo) throws IOException {
        Optional<String> commit = cache.commit(repo.revision());
        return commit.isPresent() && Files.isDirectory(cache.snapshot(commit.get()))
                ? Optional.of(new CachedModel(cache, commit.get(), repo.file()))
                : Optional.empty();
    }

    /** A link to a blob that is gone is no regular file. */
    private static List<String> files(Path snapshot, Predicate<Path> kind) throws IOException {
        List<String> files = new ArrayList<>();
        try (Stream<Path> all = Files.walk(snapshot, DEPTH)) {
            all.filter(kind)
                    .forEach(f -> files.add(snapshot.relativize(f).toString().replace('\\', '/')));
        }
        files.sort(null);
        return files;
    }

    /** Whether all weights are there that a merge reads, and it is clear which these are. */
    boolean hasWeights() {
        return !wanted.weights().isEmpty()
                && wanted.choices().isEmpty()
                && present.containsAll(wanted.weights());
    }

    /** Whether all is there that a merge takes, so that nothing is to be asked. */
    boolean isWhole() {
        boolean adapter = present.contains("adapter_config.json");
        // Of several files with weights, another may be in the cache than is in the repository.
        boolean one = named.isPresent() || wanted.weights().stream().allMatch(this::isUsual);
        return hasWeights() && one && (adapter || ASKED_FOR.stream().allMatch(this::isKnown));
    }

    private boolean isUsual(String file) {
        return !file.endsWith(".gguf");
    }

    private boolean isKnown(String file) {
        return present.contains(file) || cache.isAbsent(commit, file);
    }

    /**
     * Files that a model needs besides its weights, and that the cache has not, without knowing
     * whether the repository has.
     */
    List<String> unknown() {
        if (present.contains("adapter_config.json")
                || !wanted.weights().stream().allMatch(this::isUsual)) {
            return List.of();
        }
        List<String> unknown = new ArrayList<>();
        if (!isKnown("config.json")) {
            unknown.add("config.json");
        }
        boolean tokens =
                present.stream()
                        .anyMatch(
                                file ->
                                        !file.equals(TOKENIZER_SETTINGS)
                                                && TOKENS.matcher(file).matches());
        if (present.contains(TOKENIZER_SETTINGS) && !tokens && !isKnown("tokenizer.json")) {
            unknown.add("tokenizer.json");
        }
        return unknown;
    }

    /** The weights that are missing, as far as the index says; files whose contents are gone. */
    List<String> missing() throws IOException {
        Set<String> missing = new LinkedHashSet<>(wanted.weights());
        missing.addAll(
                files(snapshot, file -> !Files.isRegularFile(file) && !Files.isDirectory(file)));
        missing.removeAll(present);
        return List.copyOf(missing);
    }

    /** What is opened: the folder, or the one file that is all there is. */
    Path path() {
        return pathOf(snapshot, wanted.weights(), named);
    }

    /**
     * What is opened of a commit's folder.
     *
     * @param named the weights that were asked for
     */
    static Path pathOf(Path snapshot, Set<String> weights, Optional<String> named) {
        String first = weights.isEmpty() ? "" : weights.iterator().next();
        if (named.isPresent() || first.endsWith(".gguf")) {
            return snapshot.resolve(named.orElse(first));
        }
        String only = weights.size() == 1 ? first : "";
        boolean usual =
                only.matches(
                        "(model|pytorch_model|diffusion_pytorch_model|adapter_model|pytorch_lora_weights)\\..*");
        return only.isEmpty() || usual || only.contains("/") ? snapshot : snapshot.resolve(only);
    }

    static List<String> askedFor() {
        return ASKED_FOR;
    }
}
