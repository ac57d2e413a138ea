package io.amalgam.internal.formats.hub;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.amalgam.error.BadInputException;
import io.amalgam.internal.formats.hub.FakeHub.Fault;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Pushes to a hub on this machine. */
class HubPushTest {
    private static final byte[] WEIGHTS = random(2_500_000);
    private static final byte[] SMALL = random(1000);

    @TempDir Path folder;
    private FakeHub hub;
    private Path model;

    @BeforeEach
    void start() throws IOException {
        hub = FakeHub.start();
        model = Files.createDirectories(folder.resolve("model"));
        Files.write(model.resolve("model-00001-of-00002.safetensors"), WEIGHTS);
        Files.write(model.resolve("model-00002-of-00002.safetensors"), SMALL);
        Files.writeString(model.resolve("config.json"), "{\"a\": \"ä\"}");
        Files.createDirectory(model.resolve("1_Pooling"));
        Files.writeString(model.resolve("1_Pooling/config.json"), "{}");
        Files.writeString(model.resolve("amalgam-report.json"), "{}");
        Files.createDirectory(model.resolve(".cache"));
        Files.writeString(model.resolve(".cache/x"), "x");
        Files.writeString(model.resolve("empty.txt"), "");
    }

    @AfterEach
    void stop() {
        hub.close();
    }

    private static byte[] random(int size) {
        byte[] bytes = new byte[size];
        new Random(size).nextBytes(bytes);
        return bytes;
    }

    private HubSettings settings(String token) {
        return new HubSettings(
                hub.address(),
                folder.resolve("hub"),
                Optional.of(token),
                false,
                Duration.ofSeconds(5),
                Optional.empty());
    }

    private Pushed push(boolean create, boolean replace, boolean dryRun) throws IOException {
        PushTarget target =
                new PushTarget("org/new", Optional.empty(), create, false, replace, "A model");
        return push(target, dryRun);
    }

    private Pushed push(PushTarget target, boolean dryRun) throws IOException {
        return new HubPush(settings(FakeHub.TOKEN), PushListener.NONE).push(model, target, dryRun);
    }

    private void assertIsThere() {
        Map<String, byte[]> files = hub.files("org/new", "main");
        assertThat(files)
                .containsOnlyKeys(
                        ".gitattributes",
                        "1_Pooling/config.json",
                        "config.json",
                        "empty.txt",
                        "model-00001-of-00002.safetensors",
                        "model-00002-of-00002.safetensors");
        assertThat(files.get("model-00001-of-00002.safetensors")).isEqualTo(WEIGHTS);
        assertThat(files.get("model-00002-of-00002.safetensors")).isEqualTo(SMALL);
        assertThat(new String(files.get("config.json"), java.nio.charset.StandardCharsets.UTF_8))
                .isEqualTo("{\"a\": \"ä\"}");
    }

    @Test
    void aModelIsPushedIntoANewRepository() throws IOException {
        Pushed pushed = push(true, false, false);

        assertIsThere();
        assertThat(pushed.created()).isTrue();
        assertThat(pushed.commit()).isEqualTo(hub.commit("org/new", "main"));
        assertThat(pushed.sent()).isEqualTo(WEIGHTS.length + SMALL.length);
        assertThat(pushed.files()).hasSize(5);
        assertThat(hub.push.messages).containsExactly("A model");
        // Three parts of the one, the other whole.
        assertThat(hub.requests).filteredOn(r -> r.startsWith("PUT ")).hasSize(4);
        assertThat(hub.requests).allMatch(r -> r.contains("/store/") != r.endsWith(" token"));
    }

    @Test
    void whatIsThereIsNotPushedAgain() throws IOException {
        push(true, false, false);
        hub.requests.clear();

        Pushed again = push(false, false, false);

        assertThat(again.files()).isEmpty();
        assertThat(again.unchanged()).isEqualTo(5);
        assertThat(hub.requests).noneMatch(r -> r.contains("/store/") || r.contains("/commit/"));
    }

    @Test
    void whatWasSentBeforeAnInterruptionIsNotSentAgain() throws IOException {
        push(true, false, false);
        hub.files("org/new", "main").keySet().removeIf(f -> !f.equals(".gitattributes"));
        hub.requests.clear();

        Pushed pushed = push(false, false, false);

        assertIsThere();
        assertThat(pushed.sent()).isZero();
        assertThat(hub.requests).noneMatch(r -> r.startsWith("PUT "));
    }

    private long receipts() {
        Path begun = folder.resolve("hub/.locks/amalgam-uploads");
        try (Stream<Path> files = Files.list(begun)) {
            return files.flatMap(
                            file -> {
                                try {
                                    return Files.readAllLines(file).stream();
                                } catch (IOException e) {
                                    return Stream.empty();
                                }
                            })
                    .filter(line -> line.endsWith("."))
                    .count();
        } catch (IOException e) {
            return 0;
        }
    }

    /** The last of three parts is refused after the others were taken. */
    private void cutPush() {
        hub.push.refused = 3;
        hub.push.before = () -> receipts() == 2;
        assertThatThrownBy(() -> push(true, false, false))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("status 405");
        hub.push.refused = 0;
        hub.requests.clear();
    }

    @Test
    void anotherPushContinuesBehindThePartsThatWereSent() throws IOException {
        cutPush();

        push(true, true, false);

        assertIsThere();
        assertThat(hub.requests)
                .filteredOn(r -> r.startsWith("PUT ") && r.matches(".*/store/[^/]+/\\d.*"))
                .singleElement()
                .asString()
                .contains("/3 ");
        assertThat(receipts()).isZero();
    }

    @Test
    void whatTheStorageForgotIsSentAgain() throws IOException {
        cutPush();
        for (int upload = 1; upload <= hub.push.uploads.get(); upload++) {
            hub.push.forgotten.add(upload);
        }

        push(true, true, false);

        assertIsThere();
        assertThat(receipts()).isZero();
    }

    @Test
    void aModelThatIsThereIsReplacedOnRequestAlone() throws IOException {
        hub.file("org/new", "main", "model.safetensors", SMALL)
                .file("org/new", "main", "README.md", SMALL)
                .file("org/new", "main", "config.json", SMALL);

        assertThatThrownBy(() -> push(true, false, false))
                .isInstanceOf(BadInputException.class)
                .hasMessage(
                        "repository 'org/new': expected an empty one, got 3 files, of which or beside which 5 would be put and 1 removed; see what a dry run would do, then set PushTarget.replace");
        Pushed looked = push(false, false, true);
        assertThat(looked.removed()).containsExactly("model.safetensors");
        assertThat(looked.kept()).containsExactly("README.md");
        assertThat(hub.push.objects).isEmpty();

        push(false, true, false);

        assertThat(hub.files("org/new", "main"))
                .containsKeys("README.md", "model-00001-of-00002.safetensors")
                .doesNotContainKey("model.safetensors");
    }

    @Test
    void aDryRunMakesNothing() throws IOException {
        Pushed looked = push(true, false, true);

        assertThat(looked.created()).isTrue();
        assertThat(looked.files()).hasSize(5);
        assertThat(hub.isThere("org/new")).isFalse();
    }

    @ParameterizedTest
    @CsvSource({"BUSY,3", "LIMIT,3", "EXPIRED,5", "DROP,3"})
    void faultsAreSurvived(Fault fault, int every) throws IOException {
        hub.fault(fault, every);

        push(true, false, false);

        assertIsThere();
    }

    @Test
    void aPrivateRepositoryIsPrivateOrNothingIsPushed() throws IOException {
        PushTarget target =
                new PushTarget("org/new", Optional.empty(), true, true, false, "A model");
        hub.push.ignoresVisibility = true;

        assertThatThrownBy(() -> push(target, false))
                .hasMessageContaining("expected a private one, got a public one")
                .hasMessageContaining("nothing was pushed");
        assertThat(hub.files("org/new", "main")).containsOnlyKeys(".gitattributes");
    }

    @Test
    void aBranchIsMade() throws IOException {
        push(true, false, false);
        PushTarget target =
                new PushTarget("org/new", Optional.of("next"), false, false, false, "Next");

        assertThatThrownBy(() -> push(target, false))
                .hasMessageContaining("branch 'next' of 'org/new': expected one of ");
        Files.writeString(model.resolve("config.json"), "{\"next\": 1}");
        push(new PushTarget("org/new", Optional.of("next"), true, false, true, "Next"), false);

        assertThat(hub.files("org/new", "next").get("config.json")).asString().contains("next");
        assertIsThere();
    }

    @Test
    void refusalsNameTheThingAndNoToken() throws IOException {
        PushTarget target =
                new PushTarget("org/new", Optional.empty(), false, false, false, "A model");
        assertThatThrownBy(() -> push(target, false))
                .hasMessage(
                        "repository 'org/new': expected one of "
                                + hub.address()
                                + " that the token may write to, got none; check the name, or set PushTarget.create");
        hub.file("org/new", "main", ".gitattributes", SMALL);
        assertThatThrownBy(
                        () ->
                                new HubPush(settings("hf_wrong"), PushListener.NONE)
                                        .push(model, target, false))
                .hasMessageContaining("the token is refused by")
                .hasMessageNotContaining("hf_wrong");
        Files.createDirectory(model.resolve(".amalgam-partial"));
        assertThatThrownBy(() -> push(target, false))
                .hasMessage(
                        "folder '"
                                + model
                                + "': expected the files of a model, got an interrupted merge; finish it with EngineOptions.resume(true) first");
    }
}
