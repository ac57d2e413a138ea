package io.amalgam.internal.formats.hub;

import io.amalgam.error.BadInputException;
import io.amalgam.formats.safetensors.SafetensorsHeader;
import io.amalgam.internal.checkpoint.RemoteModels;
import io.amalgam.internal.formats.files.WeightName;
import io.amalgam.internal.io.FileWrites;
import io.amalgam.internal.io.Placeholders;
import java.io.IOException;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
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

    /** What clients ask for at once; nearly all headers fit. */
    private static final int FIRST = 100_000;

    /** Of a GGUF file as many bytes as tell its kind; its header is as long as its vocabulary. */
    private static final int KIND = 16;

    private static final long LONGEST_HEADER = 100_000_000;

    private final HubSettings settings;
    private final HubListener listener;
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
        this.listener = listener;
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
        } catch (HubUnreachableException e) {
            throw HubProblems.unreachable(repo.get(), client, HubModels.isExplicit(name), e);
        }
    }

    private Path looked(RepoName repo) throws IOException {
        RepoListing listing = RepoListing.of(client, repo);
        RepoCache cache = new RepoCache(settings.cache(), repo.id());
        Source source = new Source(client, repo, listing);
        WantedFiles wanted =
                WantedFiles.of(
                        listing.files().keySet(),
                        repo.file(),
                        name -> SmallJson.names(source.bytes(name, "")));
        HubModels.requireOne(repo, wanted, settings);
        if (listing.files().containsKey("adapter_config.json")
                || !wanted.weights().stream().allMatch(HubHeaders::isOfModel)) {
            return models.fetch(repo.id(), Optional.of(repo.revision()));
        }
        Path folder = folder(cache, listing.commit());
        int files = 0;
        long bytes = 0;
        for (String name : wanted.all()) {
            RemoteFile file = listing.files().get(name);
            if (file == null) {
                continue;
            }
            Path blob = cache.blob(file.etag());
            boolean absent = !Files.exists(blob);
            files += absent ? 1 : 0;
            bytes += absent ? file.size() : 0;
            Path place = place(folder, name);
            if (isKept(place, file)) {
                continue;
            }
            if (!wanted.weights().contains(name)) {
                put(place, part -> Files.write(part, source.bytes(name, "")));
            } else if (!absent) {
                put(place, part -> Files.createSymbolicLink(part, blob.toAbsolutePath()));
            } else if (isGguf(name)) {
                put(place, part -> Files.write(part, source.bytes(name, "bytes=0-" + (KIND - 1))));
            } else if (name.endsWith(".safetensors")) {
                put(place, part -> header(source, file, part));
            } else {
                throw new BadInputException(HubProblems.notByHeader(repo, name));
            }
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
                        || header(place, file).isPresent());
    }

    /** The header in a placeholder; empty if it is none. */
    private static Optional<SafetensorsHeader> header(Path place, RemoteFile file)
            throws IOException {
        try (FileChannel channel = FileChannel.open(place, StandardOpenOption.READ)) {
            return Optional.of(SafetensorsHeader.read(place.toString(), channel, file.size()));
        } catch (BadInputException e) {
            return Optional.empty();
        }
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
        } finally {
            Files.deleteIfExists(part);
        }
    }

    /**
     * From now on what is read of a file is fetched; a header that is none is said by its reader.
     */
    private void stream(Source source, RemoteFile file, Path place) throws IOException {
        Optional<Pieces> pieces =
                isGguf(file.path())
                        ? Optional.of(Pieces.even(file.size()))
                        : header(place, file).map(Pieces::of);
        if (pieces.isPresent()) {
            URI address = source.address(file.path());
            StreamedFile streamed =
                    new StreamedFile(source.repo, file, place, address, pieces.get());
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
            buffer = new RangeBuffer(client, folder, size);
        }
        return buffer;
    }

    /** Adapters are small, and their scales are values of tensors: they are fetched whole. */
    private static boolean isOfModel(String weights) {
        return isGguf(weights)
                || WeightName.isWeights(weights.substring(weights.lastIndexOf('/') + 1));
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

    private static void header(Source source, RemoteFile file, Path place) throws IOException {
        byte[] start = source.bytes(file.path(), "bytes=0-" + (FIRST - 1));
        if (start.length >= Long.BYTES) {
            long end = Long.BYTES + ByteBuffer.wrap(start).order(ByteOrder.LITTLE_ENDIAN).getLong();
            if (end > start.length && end <= Math.min(file.size(), LONGEST_HEADER)) {
                byte[] rest = source.bytes(file.path(), "bytes=" + start.length + "-" + (end - 1));
                byte[] all = Arrays.copyOf(start, start.length + rest.length);
                System.arraycopy(rest, 0, all, start.length, rest.length);
                start = all;
            } else if (end >= Long.BYTES && end < start.length) {
                start = Arrays.copyOf(start, (int) end);
            }
        }
        Files.write(place, start);
    }

    /** Contents of a commit's files in memory. */
    private record Source(HubClient client, RepoName repo, RepoListing listing) {
        byte[] bytes(String path, String range) throws IOException {
            HubAnswer answer = client.get(address(path), range);
            if (!answer.isGood()) {
                throw new BadInputException(HubProblems.of(repo, answer, path, client.settings()));
            }
            return answer.body();
        }

        URI address(String path) {
            return client.address(repo.id(), "resolve", listing.commit(), path);
        }
    }
}
