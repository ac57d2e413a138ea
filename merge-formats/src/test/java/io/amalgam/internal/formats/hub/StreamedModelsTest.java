package io.amalgam.internal.formats.hub;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.amalgam.checkpoint.TensorSource;
import io.amalgam.error.BadInputException;
import io.amalgam.formats.safetensors.SafetensorsFile;
import io.amalgam.internal.formats.hub.FakeHub.Fault;
import io.amalgam.internal.formats.pytorch.PyTorchFile;
import io.amalgam.internal.io.Placeholders;
import io.amalgam.internal.kernel.ScalarKernels;
import io.amalgam.kernel.Workspace;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Weights that are read over the network, from a hub on this machine. */
class StreamedModelsTest {
    private static final int[] SIZES = {9 << 20, 100, 3000, 5 << 20, 40, 2 << 20, 60};
    private static final byte[] MODEL = model(SIZES);
    private static final int DATA = MODEL.length - Arrays.stream(SIZES).sum();

    @TempDir Path folder;
    private FakeHub hub;

    @BeforeEach
    void start() throws IOException {
        hub = FakeHub.start();
        hub.file("org/model", "main", "model.safetensors", MODEL)
                .file("org/model", "main", "config.json", "{}".getBytes(StandardCharsets.UTF_8));
        Files.createDirectories(folder.resolve("hub"));
    }

    @AfterEach
    void stop() {
        hub.close();
    }

    /** Tensors of so many bytes, named by their number. */
    private static byte[] model(int... sizes) {
        StringBuilder header = new StringBuilder("{");
        int at = 0;
        for (int i = 0; i < sizes.length; i++) {
            header.append(i == 0 ? "" : ",")
                    .append(
                            "\"t%d\": {\"dtype\": \"U8\", \"shape\": [%d], \"data_offsets\": [%d, %d]}"
                                    .formatted(i, sizes[i], at, at + sizes[i]));
            at += sizes[i];
        }
        byte[] text = header.append("}").toString().getBytes(StandardCharsets.UTF_8);
        byte[] data = new byte[at];
        new Random(5).nextBytes(data);
        return ByteBuffer.allocate(Long.BYTES + text.length + at)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putLong(text.length)
                .put(text)
                .put(data)
                .array();
    }

    private static byte[] tensor(int number) {
        int from = DATA;
        for (int i = 0; i < number; i++) {
            from += SIZES[i];
        }
        return Arrays.copyOfRange(MODEL, from, from + SIZES[number]);
    }

    private HubSettings settings(Optional<String> token) {
        return new HubSettings(
                hub.address(),
                folder.resolve("hub"),
                token,
                false,
                Duration.ofSeconds(5),
                Optional.empty());
    }

    private HubHeaders streamed() {
        return HubHeaders.streaming(
                settings(Optional.empty()), HubListener.NONE, HubHeaders.SMALLEST_BUFFER);
    }

    private static void readAll(Path model) throws IOException {
        try (SafetensorsFile file = SafetensorsFile.open(model.resolve("model.safetensors"))) {
            for (int i = 0; i < SIZES.length; i++) {
                assertThat(file.bytes("t" + i)).isEqualTo(tensor(i));
            }
        }
    }

    private List<String> ranges() {
        return hub.requests.stream()
                .filter(r -> r.contains("/cdn/"))
                .map(r -> r.replaceFirst(".* bytes=(\\d+-\\d+).*", "$1"))
                .distinct()
                .toList();
    }

    @Test
    void everyByteIsFetchedOnce() throws IOException {
        HubHeaders models = streamed();

        Path model = models.fetch("org/model", Optional.empty());
        assertThat(ranges()).containsExactly("0-99999");
        hub.requests.clear();
        readAll(model);

        long fetched = 0;
        for (String range : ranges()) {
            String[] ends = range.split("-");
            fetched += Long.parseLong(ends[1]) - Long.parseLong(ends[0]) + 1;
        }
        assertThat(fetched).isEqualTo(MODEL.length - DATA).isEqualTo(models.fetched());
        // 9 MiB in three, two small ones, 5 MiB in two, a small one with 2 MiB behind it, the last.
        assertThat(ranges()).hasSize(models.ranges()).hasSize(9);
        hub.requests.clear();
        readAll(model);
        assertThat(hub.requests).isEmpty();
    }

    @Test
    void oneTensorIsFetchedWithoutTheOthers() throws IOException {
        HubHeaders models = streamed();
        Path model = models.fetch("org/model", Optional.empty());

        try (SafetensorsFile file = SafetensorsFile.open(model.resolve("model.safetensors"))) {
            assertThat(file.bytes("t3")).isEqualTo(tensor(3));
        }

        assertThat(models.fetched()).isEqualTo(SIZES[3]);
    }

    /** As of quantised models, whose scales say how they are read. */
    @Test
    void whatHeadersDoNotSayIsFetched() throws IOException {
        HubHeaders models = HubHeaders.looking(settings(Optional.empty()), HubListener.NONE);
        Path model = models.fetch("org/model", Optional.empty());

        try (SafetensorsFile file = SafetensorsFile.open(model.resolve("model.safetensors"))) {
            assertThat(file.bytes("t4")).isEqualTo(tensor(4));
        }

        assertThat(models.fetched()).isLessThan(1 << 20);
        assertThat(folder.resolve("hub")).isEmptyDirectory();
    }

    @Test
    void nothingOfTheWeightsStays() throws IOException {
        readAll(streamed().fetch("org/model", Optional.empty()));

        long bytes = 0;
        try (Stream<Path> files = Files.walk(folder.resolve("hub"))) {
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                bytes += Files.size(file);
            }
        }
        assertThat(bytes).isLessThanOrEqualTo(100_000 + 2);
    }

    /** An index says how many tensors a shard has, so how long its header is. */
    @Test
    void headersOfManyShardsAreShort() throws IOException {
        StringBuilder index = new StringBuilder();
        for (int i = 1; i <= 12; i++) {
            String name = "model-%05d-of-00012.safetensors".formatted(i);
            hub.file("org/wide", "main", name, MODEL);
            for (int t = 0; t < SIZES.length; t++) {
                index.append(index.length() == 0 ? "" : ",")
                        .append("\"t%d-%d\": \"%s\"".formatted(i, t, name));
            }
        }
        hub.file(
                "org/wide",
                "main",
                "model.safetensors.index.json",
                ("{\"weight_map\": {" + index + "}}").getBytes(StandardCharsets.UTF_8));
        HubHeaders models = HubHeaders.looking(settings(Optional.empty()), HubListener.NONE);

        Path model = models.fetch("org/wide", Optional.empty());

        assertThat(model.resolve("model-00012-of-00012.safetensors")).hasSize(DATA);
        assertThat(ranges()).containsExactly("0-2143");
        assertThat(hub.requests).filteredOn(r -> r.contains("index.json")).hasSize(1);
        assertThat(models.missing().get(0).files()).isEqualTo(13);
    }

    @ParameterizedTest
    @CsvSource({"BUSY,2", "EXPIRED,2", "LIMIT,3"})
    void headersSurviveFaults(Fault fault, int every) throws IOException {
        hub.fault(fault, every);

        assertThat(streamed().fetch("org/model", Optional.empty()).resolve("model.safetensors"))
                .hasSize(DATA);
    }

    @Test
    void anotherRunFindsTheSameFiles() throws IOException {
        Path model = streamed().fetch("org/model", Optional.empty());
        var then = Files.getLastModifiedTime(model.resolve("model.safetensors"));
        hub.requests.clear();

        Path again = streamed().fetch("org/model", Optional.empty());

        assertThat(again).isEqualTo(model);
        assertThat(Files.getLastModifiedTime(model.resolve("model.safetensors"))).isEqualTo(then);
        assertThat(ranges()).isEmpty();
        readAll(again);
    }

    /** What is left of a model without its bytes must not be read as one. */
    @Test
    void aPlaceholderIsNoModel() throws IOException {
        Path model = streamed().fetch("org/model", Optional.empty());
        Path copy = Files.copy(model.resolve("model.safetensors"), folder.resolve("copy"));

        assertThatThrownBy(() -> SafetensorsFile.open(copy)).isInstanceOf(BadInputException.class);
    }

    @Test
    void whatIsInTheCacheIsNotFetched() throws IOException {
        new HubModels(settings(Optional.empty()), HubListener.NONE)
                .fetch("org/model", Optional.empty());
        hub.requests.clear();
        HubHeaders models = streamed();

        readAll(models.fetch("org/model", Optional.empty()));

        assertThat(ranges()).isEmpty();
        assertThat(models.missing()).isEmpty();
    }

    @ParameterizedTest
    @CsvSource({"DROP,2", "BUSY,2", "LIMIT,3", "EXPIRED,2"})
    void faultsAreSurvived(Fault fault, int every) throws IOException {
        hub.fault(fault, every);

        readAll(streamed().fetch("org/model", Optional.empty()));
    }

    @Test
    void whoGivesNoRangesIsNotStreamed() throws IOException {
        Path model = streamed().fetch("org/model", Optional.empty());
        hub.fault(Fault.NO_RANGE, 1);

        assertThatThrownBy(() -> readAll(model))
                .hasMessage(
                        "'model.safetensors' of 'org/model': expected parts of "
                                + MODEL.length
                                + " bytes, as asked for, got another answer of localhost; give 'amalgam download org/model' first");
    }

    @Test
    void theTokenGoesToTheEndpointAlone() throws IOException {
        hub.gated("org/model");
        HubHeaders models =
                HubHeaders.streaming(
                        settings(Optional.of(FakeHub.TOKEN)),
                        HubListener.NONE,
                        HubHeaders.SMALLEST_BUFFER);

        readAll(models.fetch("org/model", Optional.empty()));

        assertThat(hub.requests).allMatch(r -> r.contains("/cdn/") != r.endsWith(" token"));
    }

    @Test
    void aSmallBufferIsFilledAgain() throws Exception {
        try (RangeBuffer buffer = buffer(3)) {
            StreamedFile file = file();
            ExecutorService threads = Executors.newFixedThreadPool(8);
            List<Future<?>> readers = new ArrayList<>();
            for (int i = 0; i < 8; i++) {
                int seed = i;
                readers.add(threads.submit(() -> compare(buffer, file, seed)));
            }
            for (Future<?> reader : readers) {
                reader.get();
            }
            threads.shutdown();
            assertThat(buffer.bytes()).isGreaterThan(MODEL.length);
        }
    }

    private static Void compare(RangeBuffer buffer, StreamedFile file, int seed)
            throws IOException {
        Random random = new Random(seed);
        ByteBuffer block = ByteBuffer.allocate(50_000);
        for (int i = 0; i < 40; i++) {
            int at = DATA + random.nextInt(MODEL.length - DATA);
            int got = buffer.read(file, at, block.clear());
            assertThat(got).isPositive();
            assertThat(block.flip()).isEqualTo(ByteBuffer.wrap(MODEL, at, got));
        }
        return null;
    }

    @Test
    void whatChangesBetweenTwoPassesIsSaid() throws IOException {
        try (RangeBuffer buffer = buffer(3)) {
            StreamedFile file = file();
            ByteBuffer block = ByteBuffer.allocate(1000);
            for (int i = 0; i < file.pieces().count(); i++) {
                buffer.read(file, file.pieces().start(i), block.clear());
            }
            hub.fault(Fault.CORRUPT, 1);

            assertThatThrownBy(() -> buffer.read(file, DATA, block.clear()))
                    .isInstanceOf(BadInputException.class)
                    .hasMessage(
                            "'model.safetensors' of 'org/model' has other bytes than when the same part was fetched before; a proxy or mirror changes it: fetch it another way");
        }
    }

    @Test
    void aHubThatGoesAwayIsSaid() throws IOException {
        Path model = streamed().fetch("org/model", Optional.empty());
        hub.close();

        assertThatThrownBy(() -> readAll(model)).isInstanceOf(IOException.class);
    }

    private RangeBuffer buffer(int slots) throws IOException {
        HubClient client = new HubClient(settings(Optional.empty()), HubListener.NONE);
        return new RangeBuffer(client, folder, (long) slots * Pieces.LONGEST);
    }

    private StreamedFile file() throws IOException {
        Path placeholder = Files.write(folder.resolve("header"), Arrays.copyOf(MODEL, DATA));
        byte[] header = Arrays.copyOfRange(MODEL, Long.BYTES, DATA);
        return new StreamedFile(
                new RepoName("org/model", "main", Optional.empty()),
                new RemoteFile("model.safetensors", MODEL.length, "", true),
                placeholder,
                java.net.URI.create(
                        hub.address()
                                + "/org/model/resolve/"
                                + hub.commit("org/model", "main")
                                + "/model.safetensors"),
                Pieces.of(
                        io.amalgam.formats.safetensors.SafetensorsHeader.parse(
                                "m", MODEL.length, header)));
    }

    /**
     * Files of torch: directory and pickle are fetched first; the headers in front of tensors are
     * not, which lie all over the file.
     */
    @ParameterizedTest
    @ValueSource(strings = {"state", "types", "views", "tied", "training", "parameters"})
    void filesOfTorchAreReadInPlace(String name) throws IOException {
        Path local = Path.of("src/test/resources/pytorch", name + ".bin");
        hub.file("org/torch", "main", "pytorch_model.bin", Files.readAllBytes(local))
                .file("org/torch", "main", "config.json", "{}".getBytes(StandardCharsets.UTF_8));
        HubHeaders models = streamed();

        Path model = models.fetch("org/torch", Optional.empty()).resolve("pytorch_model.bin");

        try (PyTorchFile here = PyTorchFile.open(local, "m");
                PyTorchFile there = PyTorchFile.open(model, "m")) {
            assertThat(models.ranges()).isZero();
            assertThat(there.tensors().keySet()).isEqualTo(here.tensors().keySet());
            for (Map.Entry<String, TensorSource> tensor : here.tensors().entrySet()) {
                TensorSource other = there.tensors().get(tensor.getKey());
                assertThat(other.info()).isEqualTo(tensor.getValue().info());
                if (tensor.getValue().info().dtype().arithmetic()) {
                    assertThat(values(other)).isEqualTo(values(tensor.getValue()));
                }
            }
        }
    }

    /** The directory has checksums of all tensors; one is checked when all of it was fetched. */
    @ParameterizedTest
    @ValueSource(ints = {-1, 0, 99_999, 150_000, 299_999})
    void damagedTensorsOfTorchAreRefused(int flipped) throws IOException {
        TorchArchive archive =
                new TorchArchive()
                        .entry("m/data.pkl", 70_000, 64)
                        .entry("m/data/0", 300_000, 64)
                        .entry("m/data/1", 100_000, 64);
        byte[] file = archive.whole();
        if (flipped >= 0) {
            file[archive.start(1) + flipped] ^= 4;
        }
        hub.file("org/torch", "main", "pytorch_model.bin", file)
                .file("org/torch", "main", "config.json", "{}".getBytes(StandardCharsets.UTF_8));
        HubHeaders models = streamed();
        Path model = models.fetch("org/torch", Optional.empty()).resolve("pytorch_model.bin");

        try (FileChannel channel = Placeholders.open(model)) {
            ByteBuffer tensor = ByteBuffer.allocate(300_000);
            ThrowingCallable read =
                    () -> {
                        while (tensor.hasRemaining()) {
                            channel.read(tensor, archive.start(1) + tensor.position());
                        }
                    };
            if (flipped < 0) {
                assertThatCode(read).doesNotThrowAnyException();
            } else {
                assertThatThrownBy(read)
                        .isInstanceOf(BadInputException.class)
                        .hasMessage(
                                "'pytorch_model.bin' of 'org/torch' is damaged: entry 'm/data/0' has another checksum (CRC-32) than its directory says; give 'amalgam download org/torch' first");
            }
        }
    }

    /** Files that are fetched whole have hashes. */
    @Test
    void damagedSettingsAreFetchedAgain() throws IOException {
        String tokenizer = "{\"version\": \"1.0\"" + " ".repeat(300) + "}";
        hub.file("org/model", "main", "tokenizer.json", tokenizer.getBytes(StandardCharsets.UTF_8));
        hub.fault(Fault.CORRUPT, 2);
        Path model = streamed().fetch("org/model", Optional.empty());

        assertThat(model.resolve("tokenizer.json")).hasContent(tokenizer);
    }

    @Test
    void settingsThatStayDamagedAreRefused() {
        hub.file("org/model", "main", "tokenizer.json", new byte[300]);
        hub.fault(Fault.CORRUPT, 1);

        assertThatThrownBy(() -> streamed().fetch("org/model", Optional.empty()))
                .isInstanceOf(BadInputException.class)
                .hasMessageContaining("'tokenizer.json' of 'org/model': expected sha256 ");
    }

    @Test
    void whoGivesNoRangesIsNotLookedAt() throws IOException {
        byte[] file = Files.readAllBytes(Path.of("src/test/resources/pytorch/state.bin"));
        hub.file("org/torch", "main", "pytorch_model.bin", Arrays.copyOf(file, 1 << 20));
        hub.fault(Fault.NO_RANGE, 1);
        HubHeaders models = streamed();

        assertThatThrownBy(() -> models.fetch("org/torch", Optional.empty()))
                .isInstanceOf(BadInputException.class)
                .hasMessageContaining("'pytorch_model.bin' of 'org/torch': expected parts of ");
    }

    /** A header that could be in two places is read. */
    @Test
    void headersOfTensorsFollowFromTheDirectory() throws IOException {
        TorchArchive archive =
                new TorchArchive()
                        .entry("m/data.pkl", 70_000, 64)
                        .entry("m/data/0", 100_000, 64)
                        .entry("m/data/1", 99_999, 64)
                        .entry("m/data/2", 100_001, 1)
                        .entry("m/data/3", 100_000, 64)
                        .entry("m/version", 2, 64);
        byte[] file = archive.whole();
        hub.file("org/torch", "main", "pytorch_model.bin", file)
                .file("org/torch", "main", "config.json", "{}".getBytes(StandardCharsets.UTF_8));
        HubHeaders models = streamed();

        Path model = models.fetch("org/torch", Optional.empty()).resolve("pytorch_model.bin");

        int[] ranges = {0, 0, 1, 1};
        try (FileChannel channel = Placeholders.open(model)) {
            for (int i = 0; i < ranges.length; i++) {
                int at = archive.headers.get(i + 1);
                ByteBuffer header = ByteBuffer.allocate(4 + 38);
                channel.read(header.limit(4), at);
                while (header.limit(16).position() < 16) {
                    channel.read(header, at + 26 + header.position() - 4);
                }
                byte[] wanted = new byte[16];
                System.arraycopy(file, at, wanted, 0, 4);
                System.arraycopy(file, at + 26, wanted, 4, 12);
                assertThat(Arrays.copyOf(header.array(), 16)).isEqualTo(wanted);
                assertThat(models.ranges()).isEqualTo(ranges[i]);
            }
        }
    }

    private static float[] values(TensorSource tensor) throws IOException {
        int n = (int) tensor.info().elements();
        float[] values = new float[n];
        tensor.read(0, n, values, 0, new Workspace(ScalarKernels.INSTANCE, Math.max(1, n)));
        return values;
    }
}
