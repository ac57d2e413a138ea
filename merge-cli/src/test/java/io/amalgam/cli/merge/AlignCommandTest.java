package io.amalgam.cli.merge;

import static org.assertj.core.api.Assertions.assertThat;

import io.amalgam.cli.Cli;
import io.amalgam.formats.safetensors.NamedTensor;
import io.amalgam.formats.safetensors.SafetensorsWriter;
import io.amalgam.tensor.Shape;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code align}, recipes with {@code align}, {@code barrier}. */
class AlignCommandTest {
    private static final Path GOLDEN =
            Path.of("../merge-formats/src/test/resources/golden/align/llama");

    @TempDir Path folder;

    private String original;
    private String permuted;

    @BeforeEach
    void paths() {
        original = GOLDEN.resolve("original").toString();
        permuted = GOLDEN.resolve("permuted").toString();
    }

    private String out(String name) {
        return folder.resolve(name).toString();
    }

    private byte[] weights(String name) throws IOException {
        return Files.readAllBytes(folder.resolve(name).resolve("model.safetensors"));
    }

    @Test
    void theAlignedModelAndItsPermutationsAreWritten() throws IOException {
        Cli first = Cli.run("align", permuted, "--to", original, out("one"));
        assertThat(first.exit()).isZero();
        assertThat(first.out()).contains("pass 1: objective").contains("100.0 % removed");
        String file = folder.resolve("one/alignment.safetensors").toString();
        Cli again =
                Cli.run(
                        "align",
                        permuted,
                        "--to",
                        original,
                        out("two"),
                        "--permutations",
                        file,
                        "-j",
                        "1",
                        "--json");
        assertThat(again.exit()).isZero();
        assertThat(again.json().at("/preparations/0/remarks/0").asText()).contains("removed");
        assertThat(weights("two")).isEqualTo(weights("one"));
        assertThat(weights("one"))
                .isEqualTo(Files.readAllBytes(GOLDEN.resolve("original/model.safetensors")));
    }

    @Test
    void explainNamesGroupsAndTensorsAndWritesNothing() {
        Cli result = Cli.run("align", permuted, "--to", original, "--explain");

        assertThat(result.exit()).isZero();
        assertThat(result.out())
                .contains("res: 64 units\n  model.layers.0.self_attn.")
                .contains(
                        "attn1: 4 groups of 2 query heads, 8 units each, query and key units stay")
                .contains("mlp0: 112 units\n  model.layers.0.mlp.");
    }

    @Test
    void explanationsAreJsonToo() throws IOException {
        Cli result = Cli.run("align", permuted, "--to", original, "--explain", "--json");

        assertThat(result.json().at("/groups/0/name").asText()).isEqualTo("res");
        assertThat(result.json().at("/groups/0/what").asText()).isEqualTo("64 units");
        assertThat(result.json().at("/groups/0/tensors/0").asText()).contains(" axis ");
        assertThat(result.json().at("/stays").isArray()).isTrue();
    }

    /**
     * The recipe that is kept makes the same model; a page can be made of it in another process.
     */
    @Test
    void theRecipeIsKept() throws IOException {
        assertThat(Cli.run("align", permuted, "--to", original, out("one")).exit()).isZero();
        String kept = folder.resolve("one/amalgam-recipe.yml").toString();

        assertThat(Cli.run("merge", kept, out("again")).exit()).isZero();
        assertThat(weights("again")).isEqualTo(weights("one"));
        Cli report = Cli.run("report", out("one"));
        assertThat(report.exit()).as(report.err()).isZero();
        assertThat(folder.resolve("one/amalgam-report.html")).content().contains("weight_matching");

        String file = folder.resolve("one/alignment.safetensors").toString();
        Cli.run("align", permuted, "--to", original, out("two"), "--permutations", file);
        assertThat(folder.resolve("two/amalgam-recipe.yml"))
                .content()
                .contains("permutations: ")
                .doesNotContain("method: weight");
    }

    /** A fine-tune has the order of its base: nothing is wrong with it. */
    @Test
    void modelsOfOneOrderAreNotWarnedAbout() throws IOException {
        for (float shift : new float[] {0, 0.01F}) {
            Random random = new Random(1);
            List<NamedTensor> tensors = new ArrayList<>();
            for (int[] layer : new int[][] {{1, 24, 30}, {2, 10, 24}}) {
                float[] values = new float[layer[1] * layer[2]];
                for (int i = 0; i < values.length; i++) {
                    values[i] = (float) random.nextGaussian() + (i % 3) * shift;
                }
                Shape shape = Shape.of(layer[1], layer[2]);
                tensors.add(NamedTensor.ofFloats("fc" + layer[0] + ".weight", shape, values));
            }
            Path model = Files.createDirectory(folder.resolve(shift == 0 ? "base" : "tuned"));
            SafetensorsWriter.write(model.resolve("model.safetensors"), tensors, Map.of());
        }
        Cli result = Cli.run("align", out("tuned"), "--to", out("base"), out("c"));

        assertThat(result.exit()).isZero();
        assertThat(result.err()).doesNotContain("warning");
        assertThat(result.out()).contains("the units were in this order");
    }

    /** Layers of an aligned model in a stack, and a merge with a base. */
    @Test
    void slicesAndTaskVectorsAreOfTheAlignedModel() throws IOException {
        Path stack = folder.resolve("stack.yml");
        Files.writeString(
                stack,
                """
                merge_method: passthrough
                slices:
                - sources: [{model: %s, layer_range: [0, 1], align: {to: %s}}]
                - sources: [{model: %s, layer_range: [1, 2]}]
                """
                        .formatted(abs(permuted), abs(original), abs(original)));
        assertThat(Cli.run("merge", stack, out("stack"), "--quiet").exit()).isZero();
        Path vectors = folder.resolve("vectors.yml");
        Files.writeString(
                vectors,
                """
                merge_method: task_arithmetic
                base_model: %s
                models: [{model: %s, parameters: {weight: 0.5}}]
                align: {method: weight_matching}
                """
                        .formatted(abs(original), abs(permuted)));
        assertThat(Cli.run("merge", vectors, out("vectors"), "--quiet").exit()).isZero();
        byte[] whole = Files.readAllBytes(GOLDEN.resolve("original/model.safetensors"));
        assertThat(weights("stack")).isEqualTo(whole);
        assertThat(weights("vectors")).isEqualTo(whole);
    }

    /** An aligned stage of several documents. */
    @Test
    void stagesMayBeAligned() throws IOException {
        Path stages = folder.resolve("stages.yml");
        Files.writeString(
                stages,
                """
                name: half
                merge_method: linear
                models: [{model: %s, parameters: {weight: 1}}]
                ---
                merge_method: passthrough
                models: [{model: half, align: {to: %s}}]
                """
                        .formatted(abs(permuted), abs(original)));
        assertThat(Cli.run("merge", stages, out("stages"), "--quiet").exit()).isZero();
        assertThat(weights("stages"))
                .isEqualTo(Files.readAllBytes(GOLDEN.resolve("original/model.safetensors")));
    }

    private static String abs(String path) {
        return Path.of(path).toAbsolutePath().normalize().toString();
    }

    @Test
    void memoryThatIsTooLittleIsRefused() {
        Cli result = Cli.run("align", permuted, "--to", original, out("no"), "--memory", "1M");

        assertThat(result.exit()).isEqualTo(3);
        assertThat(result.err()).contains("raise --memory");
    }

    @Test
    void headsOfAnotherNumberInTheSameShapesAreRefused() throws IOException {
        Path other = copy("other");
        Path config = other.resolve("config.json");
        String text = Files.readString(config);
        String more = text.replaceFirst("(\"num_attention_heads\": *)8", "$116");
        more = more.replaceFirst("(\"num_key_value_heads\": *)4", "$18");
        more = more.replaceFirst("(\"head_dim\": *)8", "$14");
        assertThat(more).isNotEqualTo(text);
        Files.writeString(config, more);

        Cli result = Cli.run("align", other, "--to", original, out("no"));

        assertThat(result.exit()).isEqualTo(3);
        assertThat(result.err())
                .contains("heads of 'attn0' in model '" + other + "'")
                .contains(
                        "expected 4 groups of 2 query heads, 8 units each as in '"
                                + original
                                + "', got 8 groups of 2 query heads, 4 units each; align models of one number of heads");
    }

    @Test
    void permutationsOfADeeperModelAreRefused() throws IOException {
        Path file = folder.resolve("more.safetensors");
        assertThat(Cli.run("align", permuted, "--to", original, out("one")).exit()).isZero();
        byte[] own = Files.readAllBytes(folder.resolve("one/alignment.safetensors"));
        int length = (int) ByteBuffer.wrap(own).order(ByteOrder.LITTLE_ENDIAN).getLong();
        String header = new String(own, 8, length, StandardCharsets.UTF_8).strip();
        int data = own.length - 8 - length;
        byte[] more =
                (header.substring(0, header.length() - 1)
                                + ",\"mlp2\":{\"dtype\":\"I32\",\"shape\":[0],\"data_offsets\":["
                                + data
                                + ","
                                + data
                                + "]}}")
                        .getBytes(StandardCharsets.UTF_8);
        ByteBuffer bytes =
                ByteBuffer.allocate(8 + more.length + data).order(ByteOrder.LITTLE_ENDIAN);
        bytes.putLong(more.length).put(more).put(own, 8 + length, data);
        Files.write(file, bytes.array());

        Cli result =
                Cli.run("align", permuted, "--to", original, out("no"), "--permutations", file);

        assertThat(result.exit()).isEqualTo(3);
        assertThat(result.err())
                .contains(
                        "permutations for model '"
                                + permuted
                                + "': expected those of its groups alone, got 'mlp2' too")
                .contains("align it anew");
    }

    private Path copy(String name) throws IOException {
        Path to = Files.createDirectory(folder.resolve(name));
        for (String file : new String[] {"config.json", "model.safetensors"}) {
            Files.copy(Path.of(permuted).resolve(file), to.resolve(file));
        }
        return to;
    }

    @Test
    void independentModelsAreWarnedAbout() throws IOException {
        for (String name : new String[] {"a", "b"}) {
            Random random = new Random(name.hashCode());
            List<NamedTensor> tensors = new ArrayList<>();
            for (int[] layer : new int[][] {{1, 24, 30}, {2, 10, 24}}) {
                float[] values = new float[layer[1] * layer[2]];
                for (int i = 0; i < values.length; i++) {
                    values[i] = (float) random.nextGaussian();
                }
                Shape shape = Shape.of(layer[1], layer[2]);
                tensors.add(NamedTensor.ofFloats("fc" + layer[0] + ".weight", shape, values));
            }
            Files.createDirectory(folder.resolve(name));
            SafetensorsWriter.write(
                    folder.resolve(name).resolve("model.safetensors"), tensors, Map.of());
        }
        Cli result = Cli.run("align", out("a"), "--to", out("b"), out("c"));

        assertThat(result.exit()).isZero();
        assertThat(result.err()).contains("% of their squared distance").contains("training");
    }

    @Test
    void aBarrierIsAPointWorseThanTheEnds() {
        BarrierCurve curve = new BarrierCurve(List.of(1.0, 3.5, 2.0), true);
        assertThat(curve.barrier()).isEqualTo(2.0);
        assertThat(curve.lines()).last().isEqualTo("barrier 2.0000 at t = 0.50");
        assertThat(curve.csv())
                .isEqualTo("t,score,worse_by\n0.0,1.0,0.0\n0.5,3.5,2.0\n1.0,2.0,0.0\n");
        assertThat(new BarrierCurve(List.of(0.5, 0.9, 0.5), false).barrier()).isZero();
    }

    @Test
    void theLineBetweenTwoModelsIsScored() throws IOException {
        Cli result =
                Cli.run(
                        "barrier",
                        original,
                        permuted,
                        "--points",
                        "3",
                        "--align",
                        "weight_matching",
                        "--json",
                        "--score-cmd",
                        "sh -c 'echo 0.5' {}");

        assertThat(result.exit()).isZero();
        assertThat(result.json().at("/points")).hasSize(3);
        assertThat(result.json().at("/barrier").asDouble()).isZero();
    }

    @Test
    void permutationsOfAnOutputThatIsAFileLieBesideIt() throws IOException {
        Path model = Path.of("../merge-formats/src/test/resources/golden/gguf/models/hf-llama");
        Path gguf = folder.resolve("aligned.gguf");

        assertThat(Cli.run("align", model, "--to", model, gguf).exit()).isZero();

        assertThat(gguf).isRegularFile();
        assertThat(folder.resolve("aligned.gguf.alignment.safetensors")).isRegularFile();
    }
}
