package io.amalgam.internal.engine;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.amalgam.checkpoint.Checkpoint;
import io.amalgam.checkpoint.StoredTensor;
import io.amalgam.checkpoint.TensorSource;
import io.amalgam.engine.Cancellation;
import io.amalgam.engine.EngineOptions;
import io.amalgam.engine.MergeCancelledException;
import io.amalgam.engine.MergeListener;
import io.amalgam.engine.MergeReport;
import io.amalgam.plainformat.PlainModel;
import io.amalgam.plan.MergePlan;
import io.amalgam.plan.PlanOptions;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Stream;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a merge writes, and when. */
class OutputTest {
    private static final PlanOptions SHARDED =
            new PlanOptions(7, 600_000, PlanOptions.TensorSet.SAME, false);

    @TempDir static Path root;
    @TempDir Path temp;

    @BeforeAll
    static void models() throws IOException {
        TestModel.writeThree(root);
    }

    @Test
    void nothingLooksFinishedBeforeItIs() throws IOException {
        Path out = temp.resolve("out");
        Set<String> seen = new HashSet<>();
        AtomicLong reads = new AtomicLong();
        try (MergePlan plan =
                Merges.plan(
                        Merges.recipe(Merges.TIES),
                        Watched.watch(
                                Merges.models(root),
                                number -> {
                                    reads.set(number);
                                    synchronized (seen) {
                                        seen.addAll(names(out));
                                    }
                                }),
                        SHARDED)) {
            run(plan, out, Options.DEFAULT.build());
        }
        assertThat(reads).hasValueGreaterThan(50);
        assertThat(seen).containsExactly(".amalgam-partial");
        assertThat(names(out))
                .contains("model.plain.index", "config.json", "tokenizer.json")
                .doesNotContain(".amalgam-partial");
    }

    @Test
    void sidesComeFromTheBase() throws IOException {
        Path out = temp.resolve("out");
        Merges.run(Merges.TIES, root, out, Options.DEFAULT);
        assertThat(out.resolve("tokenizer.json")).hasContent("{\"of\": \"base\"}");
        assertThat(out.resolve("amalgam-recipe.yml")).hasContent(Merges.TIES);
    }

    @Test
    void shardsHoldTheSameTensorsAsOneFile() throws IOException {
        Path one = temp.resolve("one");
        Path many = temp.resolve("many");
        try (MergePlan plan =
                Merges.plan(
                        Merges.recipe(Merges.TIES),
                        root,
                        new PlanOptions(7, 0, PlanOptions.TensorSet.SAME, false))) {
            run(plan, one, Options.DEFAULT.build());
        }
        runSharded(many);
        assertThat(names(many).stream().filter(name -> name.contains("-of-")).count())
                .isGreaterThan(2);
        try (Checkpoint a = PlainModel.open(one, "one");
                Checkpoint b = PlainModel.open(many, "many")) {
            assertThat(b.tensors().keySet())
                    .containsExactlyInAnyOrderElementsOf(a.tensors().keySet());
            for (String name : a.tensors().keySet()) {
                assertThat(bytes(b.tensors().get(name)))
                        .as(name)
                        .isEqualTo(bytes(a.tensors().get(name)));
            }
        }
    }

    @Test
    void reportSaysWhatIsThere() throws IOException {
        Path out = temp.resolve("out");
        MergeReport report = runSharded(out);
        JsonNode json = new ObjectMapper().readTree(out.resolve("amalgam-report.json").toFile());

        assertThat(json.get("merge_method").textValue()).isEqualTo("ties");
        assertThat(json.get("recipe").textValue()).isEqualTo(Merges.TIES);
        assertThat(json.get("plan_hash").textValue()).isEqualTo(report.planHash()).hasSize(64);
        assertThat(json.get("seed").longValue()).isEqualTo(7);
        assertThat(json.at("/run/kernels").textValue()).isEqualTo("scalar");
        assertThat(json.at("/run/threads").intValue()).isEqualTo(2);
        assertThat(json.get("models")).hasSize(3);
        assertThat(json.at("/models/2/model").textValue()).isEqualTo("base");
        assertThat(json.at("/models/2/base").booleanValue()).isTrue();

        List<String> files = new ArrayList<>();
        for (JsonNode file : json.get("files")) {
            String name = file.get("name").textValue();
            byte[] content = Files.readAllBytes(out.resolve(name));
            assertThat(file.get("bytes").longValue()).isEqualTo(content.length);
            assertThat(file.get("crc32c").textValue()).as(name).isEqualTo(crc(content));
            files.add(name);
        }
        assertThat(files)
                .containsExactlyInAnyOrderElementsOf(
                        names(out).stream().filter(name -> name.endsWith(".plain")).toList());

        Set<String> tensors = new HashSet<>();
        try (Checkpoint model = PlainModel.open(out, "out")) {
            for (JsonNode tensor : json.get("tensors")) {
                String name = tensor.get("name").textValue();
                TensorSource source = model.tensors().get(name);
                assertThat(tensor.get("crc32c").textValue()).as(name).isEqualTo(crc(bytes(source)));
                assertThat(tensor.get("dtype").textValue()).isEqualTo(source.info().dtype().name());
                assertThat(tensor.get("shape")).hasSize(source.info().shape().rank());
                tensors.add(name);
            }
            assertThat(tensors).isEqualTo(model.tensors().keySet());
        }
        JsonNode embedding =
                json.get("tensors").get(tensorIndex(json, "model.embed_tokens.weight"));
        assertThat(embedding.get("method").textValue()).isEqualTo("ties");
        assertThat(embedding.at("/parameters/normalize").booleanValue()).isTrue();
        assertThat(embedding.at("/inputs/0/from").textValue())
                .isEqualTo("one:model.embed_tokens.weight");
        assertThat(embedding.at("/inputs/0/parameters/density").doubleValue()).isEqualTo(0.3);
        assertThat(embedding.at("/inputs/1/parameters/weight").doubleValue()).isEqualTo(-0.4);
        JsonNode step = json.get("tensors").get(tensorIndex(json, "model.step"));
        assertThat(step.get("method").textValue()).isEqualTo("copy");
    }

    @Test
    void resumedMergeReportsTheSameHashes() throws IOException {
        Path out = temp.resolve("out");
        Cancellation cancellation = new Cancellation();
        try (MergePlan plan =
                Merges.plan(
                        Merges.recipe(Merges.TIES),
                        Watched.watch(
                                Merges.models(root),
                                number -> {
                                    if (number == 1000) {
                                        cancellation.cancel();
                                    }
                                }),
                        SHARDED)) {
            // One worker: the first tensors are done, the last are not.
            EngineOptions alone = Options.DEFAULT.threads(1).build();
            MergeEngine.run(plan, out, alone, MergeListener.NONE, cancellation);
            assertThat(false).as("cancelled").isTrue();
        } catch (MergeCancelledException e) {
            assertThat(names(out)).containsExactly(".amalgam-partial");
        }
        MergeReport whole = runSharded(temp.resolve("whole"));
        try (MergePlan plan = Merges.plan(Merges.recipe(Merges.TIES), root, SHARDED)) {
            MergeReport resumed = run(plan, out, Options.DEFAULT.resuming().build());
            assertThat(resumed.resumed()).isPositive();
            assertThat(resumed.tensors()).isEqualTo(whole.tensors());
            assertThat(resumed.files())
                    .usingRecursiveComparison()
                    .ignoringFields("modifiedMillis")
                    .isEqualTo(whole.files());
        }
    }

    @Test
    void withoutAReportThereIsNone() throws IOException {
        Path out = temp.resolve("out");
        EngineOptions without = Options.DEFAULT.build().report(false);
        Merges.run(Merges.recipe(Merges.LINEAR), root, out, without);
        assertThat(names(out))
                .containsExactlyInAnyOrder("config.json", "model.plain", "tokenizer.json");
    }

    @Test
    void listenersHearOfBeginAndEnd() throws IOException {
        List<MergeListener.Progress> heard = new ArrayList<>();
        List<Integer> started = new ArrayList<>();
        MergeListener listener =
                new MergeListener() {
                    @Override
                    public void started(MergePlan plan, int resumed) {
                        started.add(resumed);
                    }

                    @Override
                    public void progressed(Progress progress) {
                        heard.add(progress);
                    }
                };
        try (MergePlan plan = Merges.plan(Merges.recipe(Merges.TIES), root, PlanOptions.DEFAULT)) {
            MergeEngine.run(
                    plan,
                    temp.resolve("out"),
                    Options.DEFAULT.build(),
                    listener,
                    new Cancellation());
            assertThat(started).containsExactly(0);
            MergeListener.Progress last = heard.get(heard.size() - 1);
            assertThat(last.tensors()).isEqualTo(plan.tasks().size());
            assertThat(last.bytesWritten()).isEqualTo(plan.outputBytes());
            assertThat(last.bytesTotal()).isEqualTo(plan.outputBytes());
            assertThat(last.bytesMoved()).isGreaterThan(plan.inputBytes());
        }
    }

    private static int tensorIndex(JsonNode json, String name) {
        int index = 0;
        while (!json.get("tensors").get(index).get("name").textValue().equals(name)) {
            index++;
        }
        return index;
    }

    private static MergeReport runSharded(Path out) throws IOException {
        try (MergePlan plan = Merges.plan(Merges.recipe(Merges.TIES), root, SHARDED)) {
            return run(plan, out, Options.DEFAULT.build());
        }
    }

    private static MergeReport run(MergePlan plan, Path out, EngineOptions options)
            throws IOException {
        return MergeEngine.run(plan, out, options, MergeListener.NONE, new Cancellation());
    }

    private static byte[] bytes(TensorSource tensor) throws IOException {
        StoredTensor stored = tensor.stored().orElseThrow();
        byte[] bytes = new byte[(int) stored.info().bytes()];
        stored.region().readFully(0, ByteBuffer.wrap(bytes));
        return bytes;
    }

    private static String crc(byte[] bytes) {
        CRC32C crc = new CRC32C();
        crc.update(bytes);
        return String.format("%08x", crc.getValue());
    }

    private static List<String> names(Path directory) throws IOException {
        try (Stream<Path> files = Files.list(directory)) {
            return files.map(file -> file.getFileName().toString()).sorted().toList();
        }
    }

    @Test
    void theDiskSpaceOfAPlanIsThatOfItsFiles() throws IOException {
        Path out = temp.resolve("out");
        long planned;
        try (MergePlan plan = Merges.plan(Merges.recipe(Merges.LINEAR), root, SHARDED)) {
            planned = plan.diskBytes();
            EngineOptions with = Options.DEFAULT.build();
            EngineOptions without =
                    new EngineOptions(
                            with.threads(),
                            with.memory(),
                            with.kernels(),
                            false,
                            false,
                            false,
                            false,
                            EngineOptions.Card.NEVER);
            MergeEngine.run(plan, out, without, MergeListener.NONE, new Cancellation());
        }

        long written = 0;
        try (Stream<Path> files = Files.list(out)) {
            for (Path file : files.toList()) {
                written += Files.size(file);
            }
        }
        assertThat(planned).isEqualTo(written);
    }
}
