package io.amalgam.internal.formats.hub;

import io.amalgam.error.BadInputException;
import io.amalgam.internal.checkpoint.RemoteModels;
import io.amalgam.internal.formats.files.WeightName;
import java.io.IOException;
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
import java.util.Set;

/**
 * Models to be looked at, not merged. Of weights that are not in the cache only the headers are
 * fetched, into files that are as long as the whole and have nothing in them behind the header.
 * These are in a temporary folder that is gone when the program ends.
 */
public final class HubHeaders implements RemoteModels {
    /** What clients ask for at once; nearly all headers fit. */
    private static final int FIRST = 100_000;

    private static final String CONFIG = "config.json";

    /** Quantised weights that are opened without a look at a tensor's values. */
    private static final Set<String> BY_HEADER = Set.of("fp8", "mxfp4");

    private static final long LONGEST_HEADER = 100_000_000;

    private final HubSettings settings;
    private final HubListener listener;
    private final HubModels models;
    private final Map<RepoName, Path> seen = new HashMap<>();
    private final List<Missing> missing = new ArrayList<>();

    /**
     * What a merge would download.
     *
     * @param name of the repository, as it is written
     * @param bytes of all of its files that are not in the cache
     */
    public record Missing(String name, int files, long bytes) {}

    public HubHeaders(HubSettings settings, HubListener listener) {
        this.settings = settings;
        this.listener = listener;
        this.models = new HubModels(settings, listener);
    }

    /** What would be downloaded for the models looked at so far. */
    public List<Missing> missing() {
        return List.copyOf(missing);
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
        HubClient client = new HubClient(settings, listener);
        try {
            Path folder = looked(client, repo.get());
            seen.put(repo.get(), folder);
            return folder;
        } catch (HubUnreachableException e) {
            throw HubProblems.unreachable(repo.get(), client, HubModels.isExplicit(name), e);
        }
    }

    private Path looked(HubClient client, RepoName repo) throws IOException {
        RepoListing listing = RepoListing.of(client, repo);
        RepoCache cache = new RepoCache(settings.cache(), repo.id());
        Source source = new Source(client, repo, listing);
        WantedFiles wanted =
                WantedFiles.of(
                        listing.files().keySet(), name -> SmallJson.names(source.bytes(name, "")));
        if (wanted.weights().isEmpty()) {
            throw new BadInputException(HubProblems.nothingToMerge(repo, settings));
        }
        if (listing.files().containsKey("adapter_config.json")
                || !wanted.weights().stream().allMatch(HubHeaders::isOfModel)) {
            return models.fetch(repo.id(), Optional.of(repo.revision()));
        }
        if (listing.files().containsKey(CONFIG)) {
            String kind = SmallJson.quantisation(source.bytes(CONFIG, ""));
            if (!kind.isEmpty() && !BY_HEADER.contains(kind)) {
                throw new BadInputException(HubProblems.notByHeader(repo, Set.of(kind)));
            }
        }
        Path folder = Files.createTempDirectory("amalgam-headers-");
        folder.toFile().deleteOnExit();
        int files = 0;
        long bytes = 0;
        for (String name : wanted.all()) {
            RemoteFile file = listing.files().get(name);
            if (file == null) {
                continue;
            }
            boolean absent = !Files.exists(cache.blob(file.etag()));
            files += absent ? 1 : 0;
            bytes += absent ? file.size() : 0;
            Path place = place(folder, name);
            if (!wanted.weights().contains(name)) {
                Files.write(place, source.bytes(name, ""));
            } else if (name.endsWith(".safetensors")) {
                header(source, file, place);
            } else {
                throw new BadInputException(HubProblems.notByHeader(repo, name));
            }
        }
        missing.add(new Missing(repo.toString(), files, bytes));
        return CachedModel.pathOf(folder, wanted.weights());
    }

    /** Adapters are small, and their scales are values of tensors: they are fetched whole. */
    private static boolean isOfModel(String weights) {
        return WeightName.isWeights(weights.substring(weights.lastIndexOf('/') + 1));
    }

    /** Folders are registered before what is in them, so they are deleted after it. */
    private static Path place(Path folder, String name) throws IOException {
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
        try (FileChannel channel =
                FileChannel.open(
                        place,
                        StandardOpenOption.CREATE_NEW,
                        StandardOpenOption.WRITE,
                        StandardOpenOption.SPARSE)) {
            channel.write(ByteBuffer.wrap(start));
            if (channel.size() < file.size()) {
                channel.write(ByteBuffer.allocate(1), file.size() - 1);
            }
        }
    }

    /** Contents of a commit's files in memory. */
    private record Source(HubClient client, RepoName repo, RepoListing listing) {
        byte[] bytes(String path, String range) throws IOException {
            HubAnswer answer =
                    client.get(client.address(repo.id(), "resolve", listing.commit(), path), range);
            if (!answer.isGood()) {
                throw new BadInputException(HubProblems.of(repo, answer, path, client.settings()));
            }
            return answer.body();
        }
    }
}
