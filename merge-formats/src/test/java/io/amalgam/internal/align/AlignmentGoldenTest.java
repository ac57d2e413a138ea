package io.amalgam.internal.align;

import static org.assertj.core.api.Assertions.assertThat;

import io.amalgam.checkpoint.Checkpoint;
import io.amalgam.checkpoint.Preparation;
import io.amalgam.checkpoint.StoredTensor;
import io.amalgam.checkpoint.TensorSource;
import io.amalgam.contract.PlainContext;
import io.amalgam.internal.formats.huggingface.HuggingFaceFormat;
import io.amalgam.internal.formats.safetensors.SafetensorsFormat;
import io.amalgam.internal.lora.TensorReads;
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
