package io.amalgam.internal.formats.pytorch;

import static org.assertj.core.api.Assertions.assertThat;

import io.amalgam.ModelLoader;
import io.amalgam.checkpoint.Checkpoint;
import io.amalgam.checkpoint.CheckpointFormat.Match;
import io.amalgam.checkpoint.TensorSource;
import io.amalgam.endtoend.Merges;
import io.amalgam.endtoend.Options;
import io.amalgam.formats.safetensors.SafetensorsFile;
import io.amalgam.internal.kernel.ScalarKernels;
import io.amalgam.kernel.Workspace;
import io.amalgam.recipe.Recipe;
import io.amalgam.tensor.TensorInfo;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Files written by torch, against the same tensors written as safetensors. */
class PyTorchFileTest {
    private static final Path FOLDER = PickleCorpusTest.resources("pytorch");

    private static float[] floats(TensorSource source, int capacity, int step) throws IOException {
        Workspace workspace = new Workspace(ScalarKernels.INSTANCE, capacity);
        float[] values = new float[Math.toIntExact(source.info().elements())];
        for (int from = 0; from < values.length; from += step) {
            source.read(from, Math.min(step, values.length - from), values, from, workspace);
        }
        return values;
    }

    @ParameterizedTest
    @ValueSource(strings = {"types", "views", "expanded", "state", "parameters", "training"})
    void tensorsAreThoseTorchWrote(String name) throws IOException {
        try (PyTorchFile ours = PyTorchFile.open(FOLDER.resolve(name + ".bin"), "m");
                SafetensorsFile theirs =
                        SafetensorsFile.open(FOLDER.resolve(name + ".safetensors"))) {
            assertThat(ours.tensors().keySet())
                    .containsExactlyInAnyOrderElementsOf(theirs.tensors().keySet());
            for (Map.Entry<String, TensorSource> tensor : ours.tensors().entrySet()) {
                TensorInfo info = tensor.getValue().info();
                assertThat(info).isEqualTo(theirs.tensors().get(tensor.getKey()).info());
                if (info.dtype().arithmetic()) {
                    float[] expected = theirs.floats(tensor.getKey());
                    assertThat(floats(tensor.getValue(), 64, 64)).isEqualTo(expected);
                    assertThat(floats(tensor.getValue(), 4096, 11)).isEqualTo(expected);
                } else {
                    ByteBuffer bytes = ByteBuffer.allocate((int) info.bytes());
                    tensor.getValue().stored().orElseThrow().region().readFully(0, bytes);
                    assertThat(bytes.array()).isEqualTo(theirs.bytes(tensor.getKey()));
                }
            }
        }
    }

    @Test
    void onlyWhatLiesInOnePieceIsStored() throws IOException {
        try (PyTorchFile file = PyTorchFile.open(FOLDER.resolve("views.bin"), "m")) {
            assertThat(file.tensors().get("whole").stored()).isPresent();
            assertThat(file.tensors().get("rows").stored()).isPresent();
            assertThat(file.tensors().get("empty").stored()).isPresent();
            assertThat(file.tensors().get("scalar").stored()).isPresent();
            assertThat(file.tensors().get("transposed").stored()).isEmpty();
            assertThat(file.tensors().get("columns").stored()).isEmpty();
            assertThat(file.tensors().get("columns").identity()).isEqualTo("m:columns");
            assertThat(file.tensors().get("columns").storedBytes()).isEqualTo(40 * 5 * 4);
        }
    }

    @Test
    void tiedHeadsAreNotTwoTensors() throws IOException {
        try (PyTorchFile file = PyTorchFile.open(FOLDER.resolve("tied.bin"), "m")) {
            assertThat(file.tensors().keySet())
                    .containsExactly("model.embed_tokens.weight", "model.norm.weight");
            assertThat(file.tied()).containsExactly("lm_head.weight");
        }
    }

    @Test
    void shardsAreFoundByTheirIndex() throws IOException {
        try (Checkpoint model = ModelLoader.load().open(FOLDER.resolve("sharded"), "m")) {
            assertThat(model.tensors().keySet())
                    .containsExactly(
                            "model.embed_tokens.weight",
                            "model.layers.0.up.weight",
                            "model.norm.weight");
            assertThat(model.weightFiles()).hasSize(2);
            assertThat(model.config()).isPresent();
            assertThat(floats(model.tensors().get("model.norm.weight"), 64, 64))
                    .containsExactly(1, 1, 1, 1);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"views", "types", "expanded"})
    void mergesReadThem(String name, @TempDir Path out) throws IOException {
        Recipe recipe =
                Merges.recipe("merge_method: passthrough\nmodels: [{model: " + name + ".bin}]\n");
        Merges.run(recipe, FOLDER, out, Options.DEFAULT.build());
        try (SafetensorsFile ours = SafetensorsFile.open(out.resolve("model.safetensors"));
                SafetensorsFile theirs =
                        SafetensorsFile.open(FOLDER.resolve(name + ".safetensors"))) {
            assertThat(ours.tensors().keySet())
                    .containsExactlyInAnyOrderElementsOf(theirs.tensors().keySet());
            for (String tensor : theirs.tensors().keySet()) {
                assertThat(ours.bytes(tensor)).isEqualTo(theirs.bytes(tensor));
            }
        }
    }

    @Test
    void filesAreTakenByTheirEnding() throws IOException {
        PyTorchFormat format = new PyTorchFormat();
        assertThat(format.match(FOLDER.resolve("tied.bin"))).isNotEqualTo(Match.NONE);
        assertThat(format.match(FOLDER.resolve("state.safetensors"))).isEqualTo(Match.NONE);
        assertThat(format.match(FOLDER.resolve("none.pt"))).isEqualTo(Match.NONE);
        assertThat(format.match(FOLDER)).isEqualTo(Match.NONE);
        try (Checkpoint file = ModelLoader.load().open(FOLDER.resolve("tied.bin"), "m")) {
            assertThat(file).isInstanceOf(PyTorchFile.class);
            assertThat(file.config()).isEmpty();
            assertThat(file.metadata()).isEmpty();
            assertThat(file.sideFiles()).isEmpty();
            assertThat(file.weightFiles()).containsExactly(FOLDER.resolve("tied.bin"));
            assertThat(file.path()).isEqualTo(FOLDER.resolve("tied.bin"));
        }
    }
}
