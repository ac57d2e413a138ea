package io.amalgam.internal.compare;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.amalgam.ModelLoader;
import io.amalgam.checkpoint.Checkpoint;
import io.amalgam.engine.Cancellation;
import io.amalgam.engine.EngineOptions;
import io.amalgam.formats.safetensors.NamedTensor;
import io.amalgam.formats.safetensors.SafetensorsWriter;
import io.amalgam.internal.kernel.KernelProvider;
import io.amalgam.tensor.DType;
import io.amalgam.tensor.Shape;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ModelComparisonTest {
    /** More than a unit of work, and no multiple of a block. */
    private static final int LARGE = (1 << 18) + 5003;

    private static final String LAYER = "model.layers.0.self_attn.q_proj.weight";

    @TempDir private Path temp;

    private static float[] random(int n, long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        float[] values = new float[n];
        for (int i = 0; i < n; i++) {
            values[i] = (float) (random.nextDouble() - 0.5);
        }
        return values;
    }

    /** Of every element about a third stays. */
    private static float[] tuned(float[] base, long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        float[] values = base.clone();
        for (int i = 0; i < values.length; i++) {
            values[i] += random.nextInt(3) == 0 ? 0 : (float) (random.nextDouble() - 0.5) / 10;
        }
        return values;
    }

    private Path write(String name, String config, NamedTensor... tensors) throws IOException {
        Path folder = Files.createDirectories(temp.resolve(name));
        Files.writeString(folder.resolve("config.json"), config);
        SafetensorsWriter.write(
                folder.resolve("model.safetensors"), List.of(tensors), Map.of("format", "pt"));
        return folder;
    }

    private static NamedTensor floats(String name, float... values) {
        return NamedTensor.ofFloats(name, Shape.of(values.length), values);
    }

    private static ModelComparison compare(
            KernelProvider.Choice kernels, int threads, Path base, Path... models)
            throws IOException {
        List<Checkpoint> open = new ArrayList<>();
        try {
            List<Compared> compared = new ArrayList<>();
            for (Path model : models) {
                open.add(ModelLoader.load().open(model, model.toString()));
                compared.add(new Compared(model.toString(), open.get(open.size() - 1)));
            }
            open.add(ModelLoader.load().open(base, base.toString()));
            EngineOptions options =
                    EngineOptions.defaults(KernelProvider.choose(kernels).kernels())
                            .threads(threads);
            return ModelComparison.of(
                    new Compared(base.toString(), open.get(open.size() - 1)),
                    compared,
                    options,
                    (bytes, of) -> {},
                    new Cancellation());
        } finally {
            for (Checkpoint each : open) {
                each.close();
            }
        }
    }

    private static ModelComparison compare(Path base, Path... models) throws IOException {
        return compare(KernelProvider.Choice.SCALAR, 2, base, models);
    }

    /** The slow way, an element at a time. */
    private static void check(Measures found, float[] base, float[]... models) {
        int conflicts = 0;
        for (int i = 0; i < base.length; i++) {
            boolean up = false;
            boolean down = false;
            for (float[] model : models) {
                up |= model[i] > base[i];
                down |= model[i] < base[i];
            }
            conflicts += up && down ? 1 : 0;
        }
        assertThat(found.conflicts()).isEqualTo(models.length == 1 ? 0 : conflicts);
        for (int m = 0; m < models.length; m++) {
            check(found.changes().get(m), base, models[m]);
        }
        for (Agreement pair : found.agreements()) {
            float[] a = models[pair.first()];
            float[] b = models[pair.second()];
            double product = 0;
            double one = 0;
            double two = 0;
            long opposite = 0;
            for (int i = 0; i < base.length; i++) {
                float d = a[i] - base[i];
                float e = b[i] - base[i];
                product += (double) d * e;
                one += (double) d * d;
                two += (double) e * e;
                opposite += Math.signum(d) * Math.signum(e) < 0 ? 1 : 0;
            }
            assertThat(pair.cosine(found)).isCloseTo(product / Math.sqrt(one * two), within(1e-12));
            assertThat(pair.conflicts()).isEqualTo(opposite);
        }
    }

    private static void check(Change found, float[] base, float[] model) {
        double norm = 0;
        double delta = 0;
        double other = 0;
        double product = 0;
        float largest = 0;
        int at = -1;
        long changed = 0;
        for (int i = 0; i < base.length; i++) {
            float d = model[i] - base[i];
            norm += (double) base[i] * base[i];
            other += (double) model[i] * model[i];
            product += (double) base[i] * model[i];
            delta += (double) d * d;
            changed += d == 0 ? 0 : 1;
            if (Math.abs(d) > largest) {
                largest = Math.abs(d);
                at = i;
            }
        }
        assertThat(found.elements()).isEqualTo(base.length);
        assertThat(found.relative()).isCloseTo(Math.sqrt(delta / norm), within(1e-12));
        assertThat(found.norm()).isCloseTo(Math.sqrt(delta), within(1e-9));
        assertThat(found.cosine()).isCloseTo(product / Math.sqrt(norm * other), within(1e-12));
        assertThat(found.changed()).isEqualTo(changed);
        assertThat(found.largest()).map(Change.Largest::magnitude).contains(largest);
        assertThat(found.largest()).map(Change.Largest::element).contains((long) at);
        assertThat(found.nonfinite()).isZero();
    }

    @Test
    void everyStatisticIsThatOfTheSlowWay() throws IOException {
        float[] base = random(LARGE, 1);
        float[][] models = {tuned(base, 2), tuned(base, 3), tuned(base, 4), tuned(base, 5)};
        Path reference = write("base", "{}", floats(LAYER, base));
        Path[] paths = new Path[4];
        for (int m = 0; m < 4; m++) {
            paths[m] = write("m" + m, "{}", floats(LAYER, models[m]));
        }

        for (int n : new int[] {1, 2, 4}) {
            Path[] some = List.of(paths).subList(0, n).toArray(Path[]::new);
            float[][] values = List.of(models).subList(0, n).toArray(float[][]::new);
            check(compare(reference, some).total(), base, values);
        }
    }

    @Test
    void threadsAndKernelsChangeNoBit() throws IOException {
        float[] base = random(LARGE, 1);
        Path reference = write("base", "{}", floats(LAYER, base), floats("b", random(40, 2)));
        Path one = write("one", "{}", floats(LAYER, tuned(base, 6)), floats("b", random(40, 3)));
        Path two = write("two", "{}", floats(LAYER, tuned(base, 7)), floats("b", random(40, 4)));
        ModelComparison found = compare(KernelProvider.Choice.SCALAR, 1, reference, one, two);

        assertThat(compare(KernelProvider.Choice.SCALAR, 3, reference, one, two)).isEqualTo(found);
        assertThat(compare(KernelProvider.Choice.AUTO, 2, reference, one, two)).isEqualTo(found);
    }

    @Test
    void groupsAreSumsOfTheirTensors() throws IOException {
        float[] base = random(60, 1);
        float[] model = tuned(base, 2);
        String second = "model.layers.1.mlp.up_proj.weight";
        Path a = write("a", "{}", floats(second, base), floats(LAYER, base));
        Path b = write("b", "{}", floats(second, model), floats(LAYER, base));
        ModelComparison found = compare(a, b);

        assertThat(found.layers())
                .extracting(ModelComparison.Group::name)
                .containsExactly("model.layers.0", "model.layers.1");
        assertThat(found.kinds())
                .extracting(ModelComparison.Group::name)
                .containsExactly("q", "mlp");
        assertThat(found.layers().get(0).measures().differs()).isFalse();
        check(found.kinds().get(1).measures(), base, model);
        Change all = found.total().changes().get(0);
        Change one = found.layers().get(1).measures().changes().get(0);
        assertThat(all.relative()).isCloseTo(one.relative() / Math.sqrt(2), within(1e-12));
        assertThat(all.share()).isEqualTo(one.share() / 2);
    }

    @Test
    void thousandsOfTensorsAreMeasuredInTheirOrder() throws IOException {
        NamedTensor[] one = new NamedTensor[5000];
        NamedTensor[] two = new NamedTensor[5000];
        for (int i = 0; i < one.length; i++) {
            one[i] = floats("t" + i, 1);
            two[i] = floats("t" + i, 1 + i);
        }
        ModelComparison found = compare(write("a", "{}", one), write("b", "{}", two));

        assertThat(found.tensors())
                .hasSize(5000)
                .allMatch(
                        tensor ->
                                tensor.measures().relative()
                                        == Integer.parseInt(tensor.name().substring(1)));
    }

    @Test
    void numbersThatAreNotFiniteAreCountedAndLeftOut() throws IOException {
        float nan = Float.NaN;
        float infinite = Float.POSITIVE_INFINITY;
        Path a = write("a", "{}", floats("w", 1, nan, 2, nan, infinite, 4));
        Path b = write("b", "{}", floats("w", 1, nan, 3, 1, infinite, 4));
        Change change = compare(a, b).total().changes().get(0);

        assertThat(change.nonfinite()).isEqualTo(3);
        assertThat(change.changed()).isEqualTo(2);
        assertThat(change.norm()).isEqualTo(1);
        assertThat(change.base2()).isEqualTo(1 + 4 + 16);
        assertThat(compare(a, a).differs()).isFalse();
    }

    private static NamedTensor doubles(double value) {
        byte[] bytes = new byte[16];
        ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).putDouble(0, value).putDouble(8, 1);
        return NamedTensor.ofBytes("w", DType.F64, Shape.of(2), bytes);
    }

    @Test
    void noDifferenceIsTooSmall() throws IOException {
        Path a = write("a", "{}", doubles(0.1));
        Path b = write("b", "{}", doubles(Math.nextUp(0.1)));

        assertThat(compare(a, b).total().changes().get(0).changed()).isEqualTo(1);
        assertThat(compare(a, b).differs()).isTrue();
        assertThat(compare(a, a).differs()).isFalse();
    }

    @Test
    void integersAreComparedAsTheyAreStored() throws IOException {
        Path a = write("a", "{}", integers(1, 2, 3));
        Path b = write("b", "{}", integers(1, 300, 4));
        ModelComparison found = compare(a, b);

        assertThat(found.total().changes().get(0).changed()).isEqualTo(2);
        assertThat(found.total().changes().get(0).elements()).isEqualTo(3);
        assertThat(found.differs()).isTrue();
        assertThat(compare(a, a).differs()).isFalse();
    }

    private static NamedTensor integers(int... values) {
        ByteBuffer bytes = ByteBuffer.allocate(4 * values.length).order(ByteOrder.LITTLE_ENDIAN);
        for (int value : values) {
            bytes.putInt(value);
        }
        return NamedTensor.ofBytes("ids", DType.I32, Shape.of(values.length), bytes.array());
    }

    @Test
    void whatIsNotAlikeIsListed() throws IOException {
        Path a = write("a", "{}", floats("w", 1, 2), floats("x", 1), floats("y", 1, 2, 3));
        Path b =
                write(
                        "b",
                        "{}",
                        NamedTensor.ofBytes(
                                "w",
                                DType.BF16,
                                Shape.of(2),
                                (byte) 0x80,
                                (byte) 0x3f,
                                (byte) 0,
                                (byte) 0x40),
                        floats("y", 1, 2),
                        floats("z", 1));
        ModelComparison found = compare(a, b);

        assertThat(found.mismatches())
                .extracting(Mismatch::tensor)
                .containsExactly("w", "x", "y", "z");
        assertThat(found.mismatches().get(1).infos().get(1)).isEmpty();
        assertThat(found.mismatches().get(3).infos().get(0)).isEmpty();
        assertThat(found.mismatches().get(0).sameShape()).isTrue();
        assertThat(found.mismatches().get(2).sameShape()).isFalse();
        // Of another type, and with the same values.
        assertThat(found.tensors()).extracting(TensorChange::name).containsExactly("w");
        assertThat(found.tensors().get(0).measures().differs()).isFalse();
        assertThat(found.differs()).isTrue();
    }

    @Test
    void namesMayBeWrittenInSeveralWays() throws IOException {
        Path a = write("a", "{}", floats("model.layers.0.up.weight", 1), floats("model.e", 2, 3));
        Path b = write("b", "{}", floats("layers.0.up.weight", 4), floats("e", 2, 3));
        ModelComparison found = compare(a, b);

        assertThat(found.mismatches()).isEmpty();
        assertThat(found.tensors()).hasSize(2);
        assertThat(found.total().changes().get(0).changed()).isEqualTo(1);
    }

    @Test
    void aTiedHeadIsTheEmbedding() throws IOException {
        String tied =
                "{\"architectures\": [\"LlamaForCausalLM\"], \"model_type\": \"llama\","
                        + " \"tie_word_embeddings\": true}";
        NamedTensor embedding =
                NamedTensor.ofFloats("model.embed_tokens.weight", Shape.of(2, 2), 1, 2, 3, 4);
        NamedTensor head = NamedTensor.ofFloats("lm_head.weight", Shape.of(2, 2), 1, 2, 3, 5);
        Path a = write("a", tied, embedding);
        Path b = write("b", tied, embedding, head);

        for (ModelComparison found : List.of(compare(a, b), compare(b, a))) {
            assertThat(found.mismatches()).isEmpty();
            assertThat(found.tensors())
                    .filteredOn(tensor -> tensor.measures().differs())
                    .extracting(TensorChange::name)
                    .containsExactly("lm_head.weight");
        }
    }

    @Test
    void settingsAndFilesAreCompared() throws IOException {
        Path a =
                write(
                        "a",
                        "{\"eps\": 1e-6, \"hidden_size\": 4, \"rope\": {\"theta\": 1.0, \"type\": \"x\"}}",
                        floats("w", 1));
        Path b =
                write(
                        "b",
                        "{\"rope\": {\"type\": \"x\", \"theta\": 2.0}, \"new\": [], \"hidden_size\": 4.0,"
                                + " \"eps\": 0.000001}",
                        floats("w", 1));
        Files.writeString(a.resolve("tokenizer_config.json"), "{\"a\": 1, \"b\": 2}");
        Files.writeString(b.resolve("tokenizer_config.json"), "{\"b\": 2, \"a\": 1}");
        Files.writeString(a.resolve("tokenizer.json"), tokenizer("one", "two"));
        Files.writeString(b.resolve("tokenizer.json"), tokenizer("one", "zwei"));
        Files.writeString(b.resolve("merges.txt"), "a b");
        ModelComparison found = compare(a, b);

        assertThat(found.configs())
                .containsExactly(
                        new Setting("rope.theta", List.of(Optional.of("1"), Optional.of("2"))),
                        new Setting("new", List.of(Optional.empty(), Optional.of("[]"))));
        assertThat(found.files())
                .containsExactlyInAnyOrder(
                        new Setting(
                                "tokenizer.json",
                                List.of(
                                        Optional.of("present"),
                                        Optional.of(
                                                "differs in 1 token, first id 1: 'zwei' for 'two'"))),
                        new Setting(
                                "merges.txt", List.of(Optional.empty(), Optional.of("present"))));
        assertThat(found.differs()).isTrue();
    }

    private static String tokenizer(String first, String second) {
        return "{\"model\": {\"type\": \"BPE\", \"vocab\": {\""
                + first
                + "\": 0, \""
                + second
                + "\": 1}, \"merges\": []}}";
    }
}
