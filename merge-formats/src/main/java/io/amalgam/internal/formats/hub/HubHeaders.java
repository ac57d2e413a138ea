package io.amalgam.internal.formats.hub;

import io.amalgam.error.BadInputException;
import io.amalgam.error.Problem;
import io.amalgam.internal.checkpoint.RemoteModels;
import io.amalgam.internal.formats.files.WeightName;
import io.amalgam.internal.io.FileWrites;
import io.amalgam.internal.io.Placeholders;
import java.io.IOException;
import java.net.URI;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Models of which no weights are kept: headers are fetched, into files that have nothing else and
 * are no weights by themselves, and all else of the weights when it is read, through a buffer.
 */
public final class HubHeaders implements RemoteModels {
    /** The least size of a buffer on disk. */
    public static final long SMALLEST_BUFFER = RangeBuffer.SMALLEST;

    private final HubSettings settings;
    private final HubModels models;
    private final HubClient client;
    private final boolean merged;
    private final long size;
    private final Map<RepoName, Path> seen = new HashMap<>();
    private final List<Missing> missing = new ArrayList<>();
    private @Nullable RangeBuffer buffer;

    /**
     * What is not in the cache, so that a merge would fetch it.
     *
     * @param name of the repository, as it is written
     * @param bytes of all of its files that are not in the cache
     */
    public record Missing(String name, int files, long bytes) {}

    private HubHeaders(HubSettings settings, HubListener listener, boolean merged, long size) {
        this.settings = settings;
        this.models = new HubModels(settings, listener);
        this.client = new HubClient(settings, listener);
        this.merged = merged;
        this.size = size;
    }

    /** Models to be looked at; their headers are gone when the program ends. */
    public static HubHeaders looking(HubSettings settings, HubListener listener) {
        return new HubHeaders(settings, listener, false, SMALLEST_BUFFER);
    }

    /**
     * Models to be merged. Their headers and other small files stay in the cache, so that a merge
     * that was stopped finds them unchanged.
     *
     * @param size of the buffer on disk in bytes, at least {@link #SMALLEST_BUFFER}
     */
    public static HubHeaders streaming(HubSettings settings, HubListener listener, long size) {
        return new HubHeaders(settings, listener, true, size);
    }

    /** What is fetched, or would be downloaded, of the models seen so far. */
    public List<Missing> missing() {
        return List.copyOf(missing);
    }

    /** Bytes of weights fetched so far, headers not counted. */
    public synchronized long fetched() {
        return buffer == null ? 0 : buffer.bytes();
    }

    /** Ranges of weights fetched so far. */
    public synchronized int ranges() {
        return buffer == null ? 0 : buffer.requests();
    }

    @Override
    public boolean takes(String name) {
        return models.takes(name);
    }

    @Override
    public boolean isCertain(String name, Optional<String> revision) {
        return models.isCertain(name, revision);
    }

    @Override
    public String asName(String name) {
        return models.asName(name);
    }

    @Override
    public Optional<Path> present(String name, Optional<String> revision) {
        return models.present(name, revision)
                .or(() -> RepoName.parse(name, revision).map(seen::get));
    }

    /** With the hub, what the cache lacks is read from there. */
    @Override
    public List<Problem> remarks(String name, Optional<String> revision) {
        return settings.offline() ? models.remarks(name, revision) : List.of();
    }

    @Override
    public Path fetch(String name, Optional<String> revision) throws IOException {
        Optional<RepoName> repo = RepoName.parse(name, revision);
        if (settings.offline() || repo.isEmpty() || models.hasWeights(repo.get())) {
            return models.fetch(name, revision);
        }
        Path known = seen.get(repo.get());
        if (known != null) {
            return known;
        }
        try {
            Path folder = looked(repo.get());
            seen.put(repo.get(), folder);
            return folder;
        } catch (FileSystemException e) {
            throw HubProblems.cache("'" + repo.get() + "'", e);
        } catch (HubUnreachableException e) {
            throw HubProblems.unreachable(repo.get(), client, HubModels.isExplicit(name), e);
        }
    }

    private Path looked(RepoName repo) throws IOException {
        RepoListing listing = RepoListing.of(client, repo);
        RepoCache cache = new RepoCache(settings.cache(), repo.id());
        SmallParts source = new SmallParts(client, repo, listing);
        Map<String, Integer> tensors = new HashMap<>();
        WantedFiles wanted =
                WantedFiles.of(
                        listing.files().keySet(),
                        repo.file(),
                        name -> {
                            byte[] text = source.bytes(name);
                            tensors.putAll(SmallJson.shares(text));
                            return SmallJson.names(text);
                        });
        HubModels.requireOne(repo, wanted, settings);
        if (listing.files().containsKey("adapter_config.json")
                || !wanted.weights().stream().allMatch(HubHeaders::isOfModel)) {
            return models.fetch(repo.model(), Optional.of(repo.revision()));
        }
        Path folder = folder(cache, listing.commit());
        int files = 0;
        long bytes = 0;
        List<RemoteFile> fetched = new ArrayList<>();
        for (String name : wanted.all()) {
            RemoteFile file = listing.files().get(name);
            if (file == null) {
                continue;
            }
            Path blob = cache.blob(file.etag());
            boolean weights = wanted.weights().contains(name);
            if (Files.exists(blob)) {
                if (!isKept(place(folder, name), file)) {
                    put(place(folder, name), part -> take(blob, part, weights));
                }
                continue;
            }
            files++;
            bytes += file.size();
            if (isKept(place(folder, name), file)) {
                continue;
            }
            if (!weights) {
                source.announce(name);
            } else if (isGguf(name) || isTorch(name)) {
                source.announce(name, FileHead.KIND);
            } else if (name.endsWith(".safetensors")) {
                source.announce(name, FileHead.likely(tensors.getOrDefault(name, 0)));
            } else {
                throw new BadInputException(HubProblems.notByHeader(repo, name));
            }
            fetched.add(file);
        }
        for (RemoteFile file : fetched) {
            boolean header = file.path().endsWith(".safetensors");
            byte[] content = source.take(file.path());
            byte[] all = header ? FileHead.whole(source, file, content) : content;
            put(place(folder, file.path()), part -> Files.write(part, all));
        }
        for (String name : wanted.weights()) {
            RemoteFile file = listing.files().get(name);
            if (file != null && !Files.isSymbolicLink(folder.resolve(name))) {
                stream(source, file, folder.resolve(name));
            }
        }
        missing.add(new Missing(repo.toString(), files, bytes));
        return CachedModel.pathOf(folder, wanted.weights(), repo.file());
    }

    /** What is in the cache is read there. */
    private static void take(Path blob, Path part, boolean weights) throws IOException {
        if (weights) {
            Files.createSymbolicLink(part, blob.toAbsolutePath());
        } else {
            Files.copy(blob, part);
        }
    }

    private Path folder(RepoCache cache, String commit) throws IOException {
        if (merged) {
            return Files.createDirectories(cache.headers(commit));
        }
        Path folder = Files.createTempDirectory("amalgam-headers-");
        folder.toFile().deleteOnExit();
        return folder;
    }

    /** Whether an earlier merge left a file: it came from the same commit. */
    private boolean isKept(Path place, RemoteFile file) throws IOException {
        return merged
                && Files.exists(place)
                && (Files.size(place) == file.size()
                        || isGguf(file.path())
                        || isTorch(file.path())
                        || FileHead.read(place, file).isPresent());
    }

    private interface Write {
        void to(Path part) throws IOException;
    }

    /** A file is there when it is whole. */
    private static void put(Path place, Write write) throws IOException {
        Path part = place.resolveSibling(place.getFileName() + "." + UUID.randomUUID() + ".part");
        try {
            write.to(part);
            FileWrites.moveOver(part, place);
        } catch (FileSystemException e) {
            throw new FileSystemException(place.toString(), null, e.getReason());
        } catch (IOException e) {
            throw FileWrites.named(place, e);
        } finally {
            Files.deleteIfExists(part);
        }
    }

    /**
     * From now on what is read of a file is fetched; a header that is none is said by its reader.
     */
    private void stream(SmallParts source, RemoteFile file, Path place) throws IOException {
        if (isTorch(file.path())) {
            ZipHead head = ZipHead.read(source, file, place);
            URI address = source.address(file.path());
            StreamedFile streamed =
                    new StreamedFile(
                            source.repo(),
                            file,
                            place,
                            address,
                            head.pieces(file.size()),
                            head.parts(),
                            head.checks());
            Placeholders.put(place, () -> new StreamedChannel(streamed, buffer()));
            return;
        }
        Optional<Pieces> pieces =
                isGguf(file.path())
                        ? Optional.of(Pieces.even(file.size()))
                        : FileHead.read(place, file).map(Pieces::of);
        if (pieces.isPresent()) {
            URI address = source.address(file.path());
            StreamedFile streamed =
                    new StreamedFile(source.repo(), file, place, address, pieces.get());
            Placeholders.put(place, () -> new StreamedChannel(streamed, buffer()));
        }
    }

    private synchronized RangeBuffer buffer() throws IOException {
        if (buffer == null) {
            Path folder = merged ? settings.cache() : Path.of(System.getProperty("java.io.tmpdir"));
            long free = Files.getFileStore(folder).getUsableSpace();
            if (merged && free < size) {
                throw new BadInputException(HubProblems.bufferSpace(folder, size, free));
            }
            try {
                buffer = new RangeBuffer(client, folder, size);
            } catch (FileSystemException e) {
                throw HubProblems.cache("what is streamed", e);
            }
        }
        return buffer;
    }

    /** Adapters are small, and their scales are values of tensors: they are fetched whole. */
    private static boolean isOfModel(String weights) {
        return isGguf(weights)
                || WeightName.isWeights(weights.substring(weights.lastIndexOf('/') + 1));
    }

    private static boolean isTorch(String file) {
        return file.endsWith(".bin") || file.endsWith(".pt") || file.endsWith(".pth");
    }

    private static boolean isGguf(String file) {
        return file.endsWith(".gguf");
    }

    /** Folders are registered before what is in them, so they are deleted after it. */
    private Path place(Path folder, String name) throws IOException {
        if (merged) {
            Path place = folder.resolve(name);
            Files.createDirectories(place.getParent());
            return place;
        }
        Path place = folder;
        for (String part : name.split("/", -1)) {
            if (!Files.exists(place)) {
                Files.createDirectory(place);
                place.toFile().deleteOnExit();
            }
            place = place.resolve(part);
        }
        place.toFile().deleteOnExit();
        return place;
    }
}
