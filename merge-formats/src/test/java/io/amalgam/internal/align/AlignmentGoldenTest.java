package io.amalgam.internal.align;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.amalgam.checkpoint.Checkpoint;
import io.amalgam.checkpoint.Preparation;
import io.amalgam.checkpoint.StoredTensor;
import io.amalgam.checkpoint.TensorSource;
import io.amalgam.contract.PlainContext;
import io.amalgam.internal.checkpoint.TensorReads;
import io.amalgam.internal.formats.huggingface.HuggingFaceFormat;
import io.amalgam.internal.formats.safetensors.SafetensorsFormat;
import io.amalgam.recipe.Location;
import io.amalgam.recipe.ModelRef;
import io.amalgam.recipe.ModelRef.Alignment;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Alignments against those of the authors' code, and of models permuted at random. */
class AlignmentGoldenTest {
    private static final Path GOLDEN = Path.of("src/test/resources/golden/align");
    private static final Path DIGITS = Path.of("../samples/models/digits");

    @TempDir Path folder;

    static Checkpoint open(ModelRef ref) throws IOException {
        Path path = Path.of(ref.path());
        return Files.isDirectory(path)
                ? new HuggingFaceFormat().open(path, ref.path())
                : new SafetensorsFormat().open(path, ref.path());
    }

    static AlignedCheckpoint aligned(
            Path model, Path target, String method, Map<String, String> settings)
            throws IOException {
        Alignment to =
                new Alignment(method, ModelRef.of(target.toString()), settings, Location.NONE);
        Checkpoint opened =
                new AlignedModels(AlignmentGoldenTest::open)
                        .open(ModelRef.of(model.toString()).aligned(Optional.of(to)));
        for (Preparation each : opened.preparations()) {
            each.run(new PlainContext());
        }
        return (AlignedCheckpoint) opened;
    }

    private static AlignedCheckpoint aligned(Path model, Path target) throws IOException {
        return aligned(model, target, "weight_matching", Map.of());
    }

    static int[] ints(TensorSource tensor) throws IOException {
        StoredTensor stored = tensor.stored().orElseThrow();
        ByteBuffer bytes =
                ByteBuffer.allocate((int) stored.info().bytes()).order(ByteOrder.LITTLE_ENDIAN);
        stored.region().readFully(0, bytes);
        int[] values = new int[bytes.flip().asIntBuffer().remaining()];
        bytes.asIntBuffer().get(values);
        return values;
    }

    @ParameterizedTest
    @ValueSource(strings = {"llama", "bert"})
    void permutedModelsAreRecoveredBitForBit(String family) throws IOException {
        Path here = GOLDEN.resolve(family);
        try (Checkpoint aligned = aligned(here.resolve("permuted"), here.resolve("original"));
                Checkpoint original = open(ModelRef.of(here.resolve("original").toString()))) {
            assertThat(aligned.tensors().keySet()).isEqualTo(original.tensors().keySet());
            for (String name : original.tensors().keySet()) {
                float[] found = TensorReads.of(aligned.tensors().get(name));
                assertThat(found).as(name).isEqualTo(TensorReads.of(original.tensors().get(name)));
            }
        }
    }

    @ParameterizedTest
    @CsvSource({"llama, permuted", "llama, noisy", "bert, permuted", "bert, noisy"})
    void thePermutationsAreThoseDrawn(String family, String model) throws IOException {
        Path here = GOLDEN.resolve(family);
        Path written = folder.resolve("alignment.safetensors");
        try (AlignedCheckpoint aligned = aligned(here.resolve(model), here.resolve("original"))) {
            Files.write(written, AlignmentFile.of(aligned.run()));
            assertThat(aligned.run().remarks()).hasSize(4).last().asString().contains("removed");
        }
        Path file = here.resolve("permutations.safetensors");
        try (Checkpoint found = open(ModelRef.of(written.toString()));
                Checkpoint drawn = open(ModelRef.of(file.toString()))) {
            for (String name : drawn.tensors().keySet()) {
                if (name.startsWith("recover.")) {
                    String own = name.substring("recover.".length());
                    assertThat(found.tensors()).containsKey(own);
                    assertThat(ints(found.tensors().get(own)))
                            .as(name)
                            .isEqualTo(ints(drawn.tensors().get(name)));
                }
            }
        }
    }

    @Test
    void weightMatchingIsThatOfGitReBasin() throws IOException {
        Path expected = GOLDEN.resolve("digits/rebasin-permutations.safetensors");
        Path a = DIGITS.resolve("independent-a");
        Path b = DIGITS.resolve("independent-b");
        try (AlignedCheckpoint aligned = aligned(b, a);
                Checkpoint golden = open(ModelRef.of(expected.toString()))) {
            AlignmentRun.Result result = aligned.run().result();
            for (String name : golden.tensors().keySet()) {
                Moves.OfUnits moves = (Moves.OfUnits) result.moves().get(name);
                assertThat(moves.map().sources()).isEqualTo(ints(golden.tensors().get(name)));
            }
            assertThat(result.objectives()).hasSize(8).isSorted();
        }
    }

    private static final Path A = DIGITS.resolve("independent-a");
    private static final Path B = DIGITS.resolve("independent-b");
    private static final Path NARROW = DIGITS.resolve("independent-narrow");

    @ParameterizedTest
    @CsvSource({"euclidean", "log", "squared"})
    void transportIsThatOfOtFusion(String metric) throws IOException {
        String golden = metric.equals("squared") ? "squared" : "euclidean";
        Path expected = GOLDEN.resolve("digits/ot-" + golden + "-permutations.safetensors");
        try (AlignedCheckpoint aligned = aligned(A, B, "ot", Map.of("metric", metric))) {
            assertPermutations(aligned, expected);
        }
    }

    @Test
    void matchingByActivationsIsByCorrelation() throws IOException {
        Map<String, String> settings =
                Map.of(
                        "statistics", activations("b"),
                        "to_statistics", activations("a"),
                        "activation", "relu");
        Path expected = GOLDEN.resolve("digits/activation-matching-permutations.safetensors");
        try (AlignedCheckpoint aligned = aligned(B, A, "activation_matching", settings);
                Checkpoint golden = open(ModelRef.of(expected.toString()));
                Checkpoint its = open(ModelRef.of(activations("a")));
                Checkpoint own = open(ModelRef.of(activations("b")))) {
            for (String name : golden.tensors().keySet()) {
                Moves.OfUnits moves = (Moves.OfUnits) aligned.run().result().moves().get(name);
                String tensor = name + ".activation";
                double[][] a = standardised(TensorReads.of(its.tensors().get(tensor)));
                double[][] b = standardised(TensorReads.of(own.tensors().get(tensor)));
                // Units that never fire fit all others alike: only the sum is one.
                assertThat(sum(a, b, moves.map().sources()))
                        .isCloseTo(sum(a, b, ints(golden.tensors().get(name))), within(1e-5));
            }
        }
    }

    /** Of each unit its 100 values after the nonlinearity, with mean 0 and length 1. */
    private static double[][] standardised(float[] values) {
        double[][] units = new double[values.length / 100][100];
        for (int u = 0; u < units.length; u++) {
            double mean = 0;
            for (int s = 0; s < 100; s++) {
                units[u][s] = Math.max(0, values[s * units.length + u]);
                mean += units[u][s] / 100;
            }
            double squares = 0;
            for (int s = 0; s < 100; s++) {
                units[u][s] -= mean;
                squares += units[u][s] * units[u][s];
            }
            for (int s = 0; s < 100 && squares > 0; s++) {
                units[u][s] /= Math.sqrt(squares);
            }
        }
        return units;
    }

    private static double sum(double[][] a, double[][] b, int[] order) {
        double sum = 0;
        for (int i = 0; i < a.length; i++) {
            for (int s = 0; s < 100; s++) {
                sum += a[i][s] * b[order[i]][s];
            }
        }
        return sum;
    }

    private static String activations(String model) {
        return GOLDEN.resolve("digits/activations-" + model + ".safetensors").toString();
    }

    private static void assertPermutations(AlignedCheckpoint aligned, Path expected)
            throws IOException {
        try (Checkpoint golden = open(ModelRef.of(expected.toString()))) {
            for (String name : golden.tensors().keySet()) {
                Moves.OfUnits moves = (Moves.OfUnits) aligned.run().result().moves().get(name);
                assertThat(moves.map().sources()).isEqualTo(ints(golden.tensors().get(name)));
            }
        }
    }

    @ParameterizedTest
    @CsvSource({
        "narrow, b, narrow-to-wide, weights",
        "narrow, b, narrow-to-wide, activations",
        "b, narrow, wide-to-narrow, weights",
        "b, narrow, wide-to-narrow, activations"
    })
    void otherWidthsAreReachedByTheSameMaps(String from, String to, String way, String by)
            throws IOException {
        Map<String, String> settings =
                by.equals("weights")
                        ? Map.of()
                        : Map.of(
                                "statistics", activations(from),
                                "to_statistics", activations(to));
        Path model = DIGITS.resolve("independent-" + from);
        Path target = DIGITS.resolve("independent-" + to);
        Path expected = GOLDEN.resolve("digits/ot-" + way + "-" + by + "-function.safetensors");
        Path written = folder.resolve("alignment.safetensors");
        try (AlignedCheckpoint aligned = aligned(model, target, "ot", settings);
                Checkpoint other = open(ModelRef.of(target.toString()));
                Checkpoint golden = open(ModelRef.of(expected.toString()))) {
            Files.write(written, AlignmentFile.of(aligned.run()));
            assertThat(aligned.config()).isEqualTo(other.config());
            try (Checkpoint maps = open(ModelRef.of(written.toString()));
                    AlignedCheckpoint again =
                            aligned(model, target, "ot", Map.of("permutations", "" + written))) {
                for (String name : golden.tensors().keySet()) {
                    float[] wanted = TensorReads.of(golden.tensors().get(name));
                    String own = name.substring(name.indexOf('.') + 1);
                    if (name.startsWith("map.")) {
                        assertThat(TensorReads.of(maps.tensors().get(name))).isEqualTo(wanted);
                        continue;
                    }
                    float[] found = TensorReads.of(aligned.tensors().get(own));
                    assertThat(TensorReads.of(again.tensors().get(own))).isEqualTo(found);
                    if (name.startsWith("merged.")) {
                        float[] its = TensorReads.of(other.tensors().get(own));
                        for (int i = 0; i < found.length; i++) {
                            found[i] = (found[i] + its[i]) / 2;
                        }
                    }
                    assertThat(found).as(name).containsExactly(wanted, within(1e-6f));
                }
            }
        }
    }

    /** Sinkhorn's plan of little regularization is nearly the exact one. */
    @Test
    void smoothedTransportIsNearTheExactOne() throws IOException {
        Map<String, String> settings = Map.of("solver", "sinkhorn", "regularization", "0.005");
        try (AlignedCheckpoint aligned = aligned(NARROW, B, "ot", settings)) {
            Moves.OfUnits moves = (Moves.OfUnits) aligned.run().result().moves().get("fc1");
            for (int j = 0; j < moves.map().size(); j++) {
                double sum = 0;
                for (int t = moves.map().from(j); t < moves.map().to(j); t++) {
                    sum += moves.map().factor(t);
                }
                assertThat(sum).isCloseTo(1, within(1e-6));
            }
        }
    }

    /** What a model computes, with a hidden layer of rectified units behind another. */
    private static double[] run(Checkpoint model, double[] input) throws IOException {
        double[] state = input;
        for (String layer : new String[] {"fc1", "fc2", "fc3"}) {
            float[] weight = TensorReads.of(model.tensors().get(layer + ".weight"));
            float[] bias = TensorReads.of(model.tensors().get(layer + ".bias"));
            double[] out = new double[bias.length];
            for (int i = 0; i < out.length; i++) {
                out[i] = bias[i];
                for (int j = 0; j < state.length; j++) {
                    out[i] += weight[i * state.length + j] * state[j];
                }
                out[i] = layer.equals("fc3") ? out[i] : Math.max(0, out[i]);
            }
            state = out;
        }
        return state;
    }

    @ParameterizedTest
    @CsvSource({"weight_matching, copies", "weight_matching, zeros", "ot, none"})
    void aWidenedModelComputesWhatItDid(String method, String widen) throws IOException {
        Map<String, String> settings = widen.equals("none") ? Map.of() : Map.of("widen", widen);
        double[] input = new double[64];
        for (int i = 0; i < input.length; i++) {
            input[i] = i * 7 % 16 / 16.0;
        }
        try (AlignedCheckpoint wide = aligned(NARROW, B, method, settings);
                Checkpoint narrow = open(ModelRef.of(NARROW.toString()))) {
            assertThat(wide.tensors().get("fc2.weight").info().shape().dims())
                    .containsExactly(256, 256);
            assertThat(run(wide, input)).containsExactly(run(narrow, input), within(1e-4));
        }
    }

    @Test
    void aSavedAlignmentIsRestored() throws IOException {
        Path here = GOLDEN.resolve("llama");
        try (AlignedCheckpoint first = aligned(here.resolve("noisy"), here.resolve("original"));
                AlignedCheckpoint second =
                        aligned(here.resolve("original"), here.resolve("original"))) {
            byte[] saved = first.run().save();
            assertThat(second.run().restore(saved, new PlainContext())).isTrue();
            assertThat(second.run().result().moves()).isEqualTo(first.run().result().moves());
            assertThat(second.run().remarks()).isEqualTo(first.run().remarks());
            saved[5]++;
            saved[saved.length / 2] = -7;
            assertThat(second.run().restore(new byte[] {0, 0, 9, 9}, new PlainContext())).isFalse();
        }
    }
}
