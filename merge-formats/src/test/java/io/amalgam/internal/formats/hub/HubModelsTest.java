package io.amalgam.internal.formats.hub;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.amalgam.error.BadInputException;
import io.amalgam.internal.checkpoint.RemoteModels.Named;
import io.amalgam.internal.formats.hub.FakeHub.Fault;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Downloads from a hub on this machine, with what can go wrong. */
class HubModelsTest {
    private static final byte[] SHARD = random(300_000, 1);
    private static final byte[] OTHER = random(20_000, 2);

    @TempDir Path folder;
    private FakeHub hub;

    @BeforeEach
    void start() throws IOException {
        hub = FakeHub.start();
        model("org/model", "main");
    }

    @AfterEach
    void stop() {
        hub.close();
    }

    private static byte[] random(int size, int seed) {
        byte[] bytes = new byte[size];
        new Random(seed).nextBytes(bytes);
        return bytes;
    }

    private static byte[] text(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    private void model(String name, String branch) {
        hub.file(name, branch, "config.json", text("{}"))
                .file(name, branch, "tokenizer.json", text("{\"model\": {}}"))
                .file(name, branch, "tokenizer_config.json", text("{\"of\": \"" + branch + "\"}"))
                .file(
                        name,
                        branch,
                        "model.safetensors.index.json",
                        text(
                                """
                                {"weight_map": {"a": "model-00001-of-00002.safetensors",
                                 "b": "model-00002-of-00002.safetensors"}}"""))
                .file(name, branch, "model-00001-of-00002.safetensors", SHARD)
                .file(name, branch, "model-00002-of-00002.safetensors", OTHER)
                .file(name, branch, "pytorch_model.bin", OTHER)
                .file(name, branch, "model.gguf", OTHER)
                .file(name, branch, "README.md", text("# A model"))
                .file(name, branch, "original/params.json", text("{}"))
                .file(name, branch, "1_Pooling/config.json", text("{\"pooling\": true}"));
    }

    private HubSettings settings(boolean offline, Optional<String> token) {
        return new HubSettings(
                hub.address(),
                folder.resolve("hub"),
                token,
                offline,
                Duration.ofSeconds(5),
                Optional.empty());
    }

    private HubModels models() {
        return new HubModels(settings(false, Optional.empty()), HubListener.NONE);
    }

    private Path fetched(String name) throws IOException {
        return models().fetch(name, Optional.empty());
    }

    private static Map<String, String> links(Path snapshot) throws IOException {
        Map<String, String> links = new TreeMap<>();
        try (Stream<Path> files = Files.walk(snapshot)) {
            for (Path file : files.filter(Files::isSymbolicLink).toList()) {
                links.put(
                        snapshot.relativize(file).toString(),
                        Files.readSymbolicLink(file).toString());
            }
        }
        return links;
    }

    @Test
    void theCacheIsThatOfThePythonClient() throws IOException {
        Path snapshot = fetched("org/model");

        Path repository = folder.resolve("hub/models--org--model");
        String commit = hub.commit("org/model", "main");
        assertThat(snapshot).isEqualTo(repository.resolve("snapshots").resolve(commit));
        assertThat(repository.resolve("refs/main")).hasContent(commit);
        assertThat(links(snapshot))
                .containsOnlyKeys(
                        "1_Pooling/config.json",
                        "config.json",
                        "model-00001-of-00002.safetensors",
                        "model-00002-of-00002.safetensors",
                        "model.safetensors.index.json",
                        "tokenizer.json",
                        "tokenizer_config.json")
                .containsEntry(
                        "1_Pooling/config.json",
                        "../../../blobs/" + FakeHub.etag("", text("{\"pooling\": true}")))
                .containsEntry("config.json", "../../blobs/" + FakeHub.etag("", text("{}")));
        assertThat(snapshot.resolve("model-00001-of-00002.safetensors")).hasBinaryContent(SHARD);
        try (Stream<Path> blobs = Files.list(repository.resolve("blobs"))) {
            assertThat(blobs.map(b -> b.getFileName().toString()))
                    .hasSize(7)
                    .noneMatch(name -> name.endsWith(".incomplete"));
        }
    }

    private HubModels with(long free) {
        return new HubModels(settings(false, Optional.empty()), HubListener.NONE, unused -> free);
    }

    /** Another model of the same size, of which no byte is the same but small files. */
    private void another(String name) {
        byte[] config = text("{\"of\": \"" + name + "\"}");
        hub.file(name, "main", "config.json", config)
                .file(name, "main", "tokenizer.json", text("{\"model\": {}}"))
                .file(name, "main", "tokenizer_config.json", text("{\"a\": 1}"))
                .file(name, "main", "model.safetensors", random(300_000, name.hashCode()));
    }

    private static List<Named> named(String... names) {
        return Stream.of(names).map(name -> new Named(name, Optional.empty())).toList();
    }

    private static long bytes(Path snapshot) throws IOException {
        long bytes = 0;
        try (Stream<Path> files = Files.walk(snapshot)) {
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                bytes += Files.size(file);
            }
        }
        return bytes;
    }

    @Test
    void modelsThatDoNotFitTogetherAreRefusedBeforeTheFirst() throws IOException {
        another("org/second");
        // Two revisions of one commit are the same files.
        List<Named> all = named("org/model", "org/second", "org/model@main");
        Path elsewhere = folder.resolve("elsewhere");
        HubSettings other =
                new HubSettings(
                        hub.address(),
                        elsewhere,
                        Optional.empty(),
                        false,
                        Duration.ofSeconds(5),
                        Optional.empty());
        HubModels counted = new HubModels(other, HubListener.NONE);
        long first = bytes(counted.fetch("org/model", Optional.empty()));
        long second = bytes(counted.fetch("org/second", Optional.empty()));
        long index =
                Files.size(
                        counted.fetch("org/model", Optional.empty())
                                .resolve("model.safetensors.index.json"));
        // The index is there when it is reckoned.
        long needed = first + second - index;
        hub.requests.clear();

        assertThatThrownBy(() -> with(needed - 1).announce(all))
                .isInstanceOf(BadInputException.class)
                .hasMessageContaining(
                        "cache '%s': expected %d bytes free for 'org/model', 'org/second' together, got %d bytes; free some space, or set HF_HOME to a folder on another disk"
                                .formatted(folder.resolve("hub"), needed, needed - 1));
        assertThat(hub.requests)
                .noneMatch(
                        request -> request.contains(".safetensors") && !request.contains("index"));

        HubModels fitting = with(needed);
        fitting.announce(all);
        assertThat(fitting.fetch("org/model", Optional.empty())).exists();
        assertThat(bytes(fitting.fetch("org/second", Optional.empty()))).isEqualTo(second);
        // What is in the cache needs no room.
        with(0).announce(all);
        with(0).announceNewest(List.of("org/model", "org/second"));
    }

    @Test
    void whatIsWrongWithOneOfSeveralIsSaidOfThatOne() throws IOException {
        HubModels models = models();
        models.announce(named("org/nothing", "org/model"));
        hub.requests.clear();

        assertThatThrownBy(() -> models.fetch("org/nothing", Optional.empty()))
                .isInstanceOf(BadInputException.class)
                .hasMessageContaining("'org/nothing'");
        assertThat(hub.requests).isEmpty();
        assertThat(models.fetch("org/model", Optional.empty())).isEqualTo(fetched("org/model"));
    }

    @Test
    void whatIsWholeIsNotAskedFor() throws IOException {
        Path snapshot = fetched("org/model");
        hub.requests.clear();

        assertThat(fetched("org/model")).isEqualTo(snapshot);
        assertThat(fetched("org/model@" + hub.commit("org/model", "main"))).isEqualTo(snapshot);
        assertThat(hub.requests).isEmpty();
    }

    @Test
    void aTokenizerNobodyFetchedYetIsFetched() throws IOException {
        Path snapshot = fetched("org/model");
        Files.delete(snapshot.resolve("tokenizer.json"));

        fetched("org/model");

        assertThat(snapshot.resolve("tokenizer.json")).exists();
    }

    @Test
    void revisionsAreBranchesTagsCommitsAndRequests() throws IOException {
        model("org/model", "refs/pr/7");
        String commit = hub.commit("org/model", "refs/pr/7");

        Path snapshot = fetched("org/model@refs/pr/7");

        assertThat(snapshot).endsWithRaw(Path.of(commit));
        assertThat(folder.resolve("hub/models--org--model/refs/refs/pr/7")).hasContent(commit);
        assertThat(fetched("org/model@" + commit)).isEqualTo(snapshot);
        assertThat(models().fetch("org/model", Optional.of("refs/pr/7"))).isEqualTo(snapshot);
    }

    @ParameterizedTest
    @CsvSource({"DROP,2", "BUSY,2", "LIMIT,3", "NO_RANGE,1", "CORRUPT,2", "EXPIRED,2"})
    void faultsAreSurvived(Fault fault, int every) throws IOException {
        hub.fault(fault, every);

        Path snapshot = fetched("org/model");

        assertThat(snapshot.resolve("model-00001-of-00002.safetensors")).hasBinaryContent(SHARD);
        assertThat(snapshot.resolve("model-00002-of-00002.safetensors")).hasBinaryContent(OTHER);
    }

    @Test
    void renamedRepositoriesAreFollowed() throws IOException {
        hub.fault(Fault.MOVED, 1);

        assertThat(fetched("Org/Model").resolve("config.json")).exists();
    }

    @Test
    void aBrokenConnectionIsContinuedFromWhereItWas() throws IOException {
        hub.fault(Fault.DROP, 1);

        // Halves of halves until a hundred bytes are left, which come whole.
        assertThat(fetched("org/model").resolve("model-00001-of-00002.safetensors"))
                .hasBinaryContent(SHARD);
        assertThat(hub.requests).anyMatch(r -> r.contains("/cdn/") && r.contains("bytes=150000-"));
    }

    @Test
    @Tag("one-pass")
    void aStoppedDownloadIsContinued() throws IOException {
        byte[] large = random(33 << 20, 3);
        hub.file("org/large", "main", "model.safetensors", large);
        Path blobs = Files.createDirectories(folder.resolve("hub/models--org--large/blobs"));
        String etag = FakeHub.etag("model.safetensors", large);
        Files.write(
                blobs.resolve(etag + ".amalgam.incomplete"),
                java.util.Arrays.copyOf(large, 16 << 20));
        Files.writeString(blobs.resolve(etag + ".pieces.incomplete"), "0\n1\nnonsense\n");

        Path snapshot = fetched("org/large");

        assertThat(snapshot.resolve("model.safetensors")).hasBinaryContent(large);
        assertThat(hub.requests)
                .noneMatch(r -> r.contains("bytes=0-"))
                .anyMatch(r -> r.contains("bytes=16777216-33554431"));
    }

    @Test
    @Tag("one-pass")
    void oneDamagedRangeOfManyIsSurvived() throws IOException {
        byte[] large = random(33 << 20, 4);
        hub.file("org/large", "main", "model.safetensors", large).fault(Fault.CORRUPT, 3);

        assertThat(fetched("org/large").resolve("model.safetensors")).hasBinaryContent(large);
    }

    @Test
    void theTokenGoesToTheEndpointAlone() throws IOException {
        hub.gated("org/model");
        HubSettings settings = settings(false, Optional.of(FakeHub.TOKEN));

        new HubModels(settings, HubListener.NONE).fetch("org/model", Optional.empty());

        assertThat(hub.requests).anyMatch(r -> r.contains("/cdn/"));
        assertThat(hub.requests).allMatch(r -> r.contains("/cdn/") != r.endsWith(" token"));
        assertThat(settings.toString()).doesNotContain(FakeHub.TOKEN);
    }

    @Test
    void anAdapterIsFetched() throws IOException {
        hub.file("org/lora", "main", "adapter_config.json", text("{\"peft_type\": \"LORA\"}"))
                .file("org/lora", "main", "adapter_model.safetensors", OTHER)
                .file("org/lora", "main", "adapter_model.bin", OTHER)
                .file("org/lora", "main", "optimizer.bin", OTHER)
                .file("org/bare", "main", "style.safetensors", OTHER);

        assertThat(links(fetched("org/lora")))
                .containsOnlyKeys("adapter_config.json", "adapter_model.safetensors");
        assertThat(fetched("org/bare")).hasFileName("style.safetensors").exists();
        hub.requests.clear();
        assertThat(fetched("org/bare")).hasFileName("style.safetensors");
    }

    @Test
    void refusalsNameTheThing() {
        hub.file("org/gated", "main", "model.safetensors", OTHER)
                .file("org/hidden", "main", "model.safetensors", OTHER)
                .file("org/gguf", "main", "model.gguf", OTHER)
                .gated("org/gated")
                .hidden("org/hidden");

        assertRefused(
                "org/none",
                "model 'org/none': expected a path, or a repository of H, got neither; check the name; if it is private or gated, set HF_TOKEN");
        assertRefused(
                "org/hidden",
                "model 'org/hidden': expected a path, or a repository of H, got neither; check the name; if it is private or gated, set HF_TOKEN");
        assertRefused(
                "org/model@v9",
                "revision 'v9' of 'org/model': expected a branch, a tag or a commit, got none of that name; see H/org/model/tree/main");
        assertRefused(
                "org/gated",
                "repository 'org/gated' is gated: its owner grants access; ask at H/org/gated, then set HF_TOKEN");
        hub.file("org/empty", "main", "README.md", OTHER);
        assertRefused(
                "org/empty",
                "repository 'org/empty': expected safetensors, PyTorch or GGUF weights, got none; see its files at H/org/empty");
        assertRefused(
                "org/model:fp16.safetensors",
                "no file 'fp16.safetensors' in 'org/model'; see its files at H/org/model");
    }

    @Test
    void oneGgufModelIsFetched() throws IOException {
        hub.file("org/gguf", "main", "model-Q4_K_M.gguf", OTHER)
                .file("org/gguf", "main", "mmproj-f16.gguf", OTHER)
                .file("org/gguf", "main", "README.md", OTHER);

        assertThat(fetched("org/gguf")).hasFileName("model-Q4_K_M.gguf").hasBinaryContent(OTHER);
        hub.requests.clear();
        assertThat(fetched("org/gguf:model-Q4_K_M.gguf")).hasFileName("model-Q4_K_M.gguf");
        assertThat(hub.requests).isEmpty();
    }

    @Test
    void ofSeveralGgufModelsOneIsNamed() throws IOException {
        hub.file("org/gguf", "v1", "m-Q8_0.gguf", OTHER)
                .file("org/gguf", "v1", "parts/m-F16-00001-of-00002.gguf", OTHER)
                .file("org/gguf", "v1", "parts/m-F16-00002-of-00002.gguf", SHARD);

        assertRefused(
                "org/gguf@v1",
                "repository 'org/gguf@v1': expected one file with weights, got 'm-Q8_0.gguf', 'parts/m-F16-00001-of-00002.gguf'; name one, as in 'org/gguf:m-Q8_0.gguf@v1'");
        Path first = fetched("org/gguf:parts/m-F16-00001-of-00002.gguf@v1");
        assertThat(first).hasBinaryContent(OTHER);
        assertThat(first.resolveSibling("m-F16-00002-of-00002.gguf")).hasBinaryContent(SHARD);
        assertThat(folder.resolve("hub")).isDirectoryNotContaining("glob:**Q8_0*");
        // What is in the cache is not all that is in the repository.
        assertThatThrownBy(() -> fetched("org/gguf@v1")).hasMessageContaining("name one");
    }

    @Test
    void ofSeveralVariantsOneIsNamed() throws IOException {
        hub.file("org/styles", "main", "ink.safetensors", OTHER)
                .file("org/styles", "main", "oil.safetensors", SHARD)
                .file("org/half", "main", "model.fp16.safetensors", OTHER)
                .file("org/half", "main", "model.ema.safetensors", SHARD);

        assertRefused(
                "org/styles",
                "repository 'org/styles': expected one file with weights, got 'ink.safetensors', 'oil.safetensors'; name one, as in 'org/styles:ink.safetensors'");
        assertRefused(
                "org/half",
                "repository 'org/half': expected one file with weights, got 'model.ema.safetensors', 'model.fp16.safetensors'; name one, as in 'org/half:model.ema.safetensors'");
        assertThat(fetched("org/styles:oil.safetensors")).hasBinaryContent(SHARD);
        assertThat(fetched("org/half:model.fp16.safetensors")).hasBinaryContent(OTHER);
        assertThat(hub.requests).noneMatch(r -> r.contains("ink.") || r.contains("ema."));
    }

    private void assertRefused(String name, String message) {
        assertThatThrownBy(() -> fetched(name))
                .isInstanceOf(BadInputException.class)
                .hasMessage(message.replaceFirst("H(?=[,/])", hub.address().toString()));
    }

    @Test
    void aRefusedTokenIsSaidWithoutIt() {
        HubModels models =
                new HubModels(settings(false, Optional.of("hf_wrong")), HubListener.NONE);

        assertThatThrownBy(() -> models.fetch("org/model", Optional.empty()))
                .hasMessage(
                        "the token is refused by "
                                + hub.address()
                                + "; check HF_TOKEN, or the file 'token' in HF_HOME");
    }

    @Test
    void damageThatStaysIsRefused() {
        hub.fault(Fault.CORRUPT, 1);

        assertThatThrownBy(() -> fetched("org/model"))
                .isInstanceOf(BadInputException.class)
                .hasMessageContaining("expected sha256 ")
                .hasMessageContaining("however often it was fetched");
        assertThat(folder.resolve("hub/models--org--model/refs")).doesNotExist();
    }

    @Test
    void aHubThatStaysBusyIsGivenUp() {
        hub.fault(Fault.BUSY, 1);

        assertThatThrownBy(() -> fetched("org/model"))
                .isInstanceOf(BadInputException.class)
                .hasMessageContaining("answers 503; give the same command again later");
    }

    @Test
    void offlineNothingIsAsked() throws IOException {
        HubModels offline = new HubModels(settings(true, Optional.empty()), HubListener.NONE);

        assertThatThrownBy(() -> offline.fetch("org/model", Optional.empty()))
                .hasMessageContaining("nothing is fetched offline");
        assertThat(hub.requests).isEmpty();
        Path snapshot = fetched("org/model");
        hub.requests.clear();
        assertThat(offline.fetch("org/model", Optional.empty())).isEqualTo(snapshot);
        assertThat(hub.requests).isEmpty();
    }

    /** A Python program that asked for the weights alone leaves such a cache. */
    @Test
    void modelsThatWereFetchedInPartAreNamed() throws IOException {
        HubModels offline = new HubModels(settings(true, Optional.empty()), HubListener.NONE);
        Path snapshot = fetched("org/model");
        assertThat(offline.remarks("org/model", Optional.empty())).isEmpty();
        Files.delete(snapshot.resolve("config.json"));
        assertThat(offline.fetch("org/model", Optional.empty())).isEqualTo(snapshot);
        assertThat(offline.remarks("org/model", Optional.empty()))
                .extracting(Object::toString)
                .singleElement()
                .asString()
                .contains(
                        "got none named 'config.json'", "give 'amalgam download org/model' first");
    }

    /** The shards that are there are no files among which one is to be chosen. */
    @ParameterizedTest
    @ValueSource(strings = {"{\"weight_map\"", "", "[]", "{}", "{\"weight_map\": {\"a\": 3}}"})
    void damagedIndicesAreLeftToTheirReader(String index) throws IOException {
        Path snapshot = fetched("org/model");
        Path file = snapshot.resolve("model.safetensors.index.json");
        Files.delete(file);
        Files.writeString(file, index);
        hub.requests.clear();

        assertThat(fetched("org/model")).isEqualTo(snapshot);
        assertThat(hub.requests).isEmpty();
    }

    @Test
    void filesWhoseContentsAreGoneAreNamed() throws IOException {
        Path snapshot = fetched("org/model");
        Files.delete(snapshot.resolve("model.safetensors.index.json").toRealPath());
        HubModels offline = new HubModels(settings(true, Optional.empty()), HubListener.NONE);

        assertThatThrownBy(() -> offline.fetch("org/model", Optional.empty()))
                .hasMessageContaining("got a part of it, without 'model.safetensors.index.json'");
    }

    @Test
    void nobodyThereIsSaid() {
        hub.close();

        assertThatThrownBy(() -> fetched("org/model"))
                .hasMessageContaining("got nothing at the path, and no connection");
        assertThatThrownBy(() -> fetched("hf:org/model"))
                .hasMessageContaining("expected an answer of " + hub.address() + ", got no conn");
    }

    @Test
    void whatIsWrittenAsANameIsNone() throws IOException {
        assertThat(models().isCertain("org/model", Optional.empty())).isFalse();
        assertThat(models().isCertain("org/model@v1", Optional.empty())).isTrue();
        assertThat(models().isCertain("org/model", Optional.of("v1"))).isTrue();
        assertThat(models().isCertain("hf:org/model", Optional.empty())).isTrue();
        assertThat(fetched("hf:org/model")).isEqualTo(fetched("org/model"));
        assertThat(models().isCertain("org/model", Optional.empty())).isTrue();
    }

    @Test
    void aNewCommitIsFetchedByDownloadAlone() throws IOException {
        Path old = fetched("org/model");
        hub.file("org/model", "main", "config.json", text("{\"new\": 1}"));

        assertThat(fetched("org/model")).isEqualTo(old);
        Path fresh = models().download("org/model");

        assertThat(fresh).isNotEqualTo(old);
        assertThat(fresh.resolve("config.json")).hasContent("{\"new\": 1}");
        assertThat(fetched("org/model")).isEqualTo(fresh);
    }

    @ParameterizedTest
    @CsvSource({
        "org/name,true",
        "gpt2,true",
        "org/name@v1.0,true",
        "org/name@refs/pr/3,true",
        "hf:org/name,true",
        "org/name:model-Q4_K_M.gguf,true",
        "org/name:a/b.gguf@v1,true",
        "org/name:../b.gguf,false",
        "org/name:0.5,false",
        "org/name:,false",
        "hf:org/name@v1.0,true",
        "hf:./name,false",
        "hf:,false",
        "./org/name,false",
        "/org/name,false",
        "a/b/c,false",
        "org/../name,false",
        "org/na--me,false",
        "org/model.safetensors,false",
        "org/name@a..b,false",
        "~/name,false",
        "org/,false",
        "org/name@/x,false"
    })
    void names(String text, boolean taken) {
        assertThat(models().takes(text)).isEqualTo(taken);
    }

    @Test
    void headersAreReadWithoutTheRest() throws IOException {
        byte[] header =
                text(
                        "{\"w\": {\"dtype\": \"F32\", \"shape\": [100000], \"data_offsets\": [0, 400000]}}");
        java.nio.ByteBuffer weights =
                java.nio.ByteBuffer.allocate(8 + header.length + 400_000)
                        .order(java.nio.ByteOrder.LITTLE_ENDIAN);
        weights.putLong(header.length).put(header);
        hub.file("org/wide", "main", "model.safetensors", weights.array())
                .file("org/wide", "main", "config.json", text("{}"))
                .file("org/old", "main", "pytorch_model.bin", OTHER);
        HubHeaders headers =
                HubHeaders.looking(settings(false, Optional.empty()), HubListener.NONE);

        Path looked = headers.fetch("org/wide", Optional.empty());

        try (var file =
                io.amalgam.formats.safetensors.SafetensorsFile.open(
                        looked.resolve("model.safetensors"), "m")) {
            assertThat(file.tensors()).containsOnlyKeys("w");
        }
        assertThat(headers.missing())
                .containsExactly(new HubHeaders.Missing("org/wide", 2, weights.capacity() + 2L));
        assertThat(folder.resolve("hub")).doesNotExist();
        assertThat(hub.requests)
                .filteredOn(r -> r.contains("/cdn/"))
                .singleElement()
                .asString()
                .contains("bytes=0-99999");
        assertThatThrownBy(() -> headers.fetch("org/old", Optional.empty()))
                .hasMessageContaining("expected a zip archive, as torch.save writes it");
        Path whole = fetched("org/wide");
        assertThat(headers.present("org/wide", Optional.empty())).isPresent();
        assertThat(whole.resolve("model.safetensors")).hasBinaryContent(weights.array());
    }

    @Test
    void adaptersAreFetchedWhole() throws IOException {
        hub.file("org/style", "main", "style.safetensors", OTHER);
        HubHeaders headers =
                HubHeaders.looking(settings(false, Optional.empty()), HubListener.NONE);

        assertThat(headers.fetch("org/style", Optional.empty())).hasBinaryContent(OTHER);
    }

    @Test
    void proxiesAreTakenAsEverywhere() {
        var proxies =
                Proxies.of(
                                Optional.of("http://proxy:3128"),
                                Optional.empty(),
                                Optional.of("localhost, .inside.net"))
                        .orElseThrow();

        assertThat(proxies.select(URI.create("https://huggingface.co")).toString())
                .contains("proxy")
                .contains("3128");
        for (String direct :
                List.of("http://huggingface.co", "https://localhost", "https://a.inside.net")) {
            assertThat(proxies.select(URI.create(direct))).containsExactly(java.net.Proxy.NO_PROXY);
        }
    }
}
