package io.amalgam.endtoend;

import static org.assertj.core.api.Assertions.assertThat;

import io.amalgam.ModelLoader;
import io.amalgam.checkpoint.Checkpoint;
import io.amalgam.checkpoint.TensorSource;
import io.amalgam.formats.safetensors.SafetensorsFile;
import io.amalgam.internal.kernel.ScalarKernels;
import io.amalgam.kernel.Workspace;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The experts of gpt-oss, written in MXFP4 as they are read. */
class ExpertsOutputTest {
    private static final Path MODELS = Path.of("src/test/resources/golden/quant/models");
    private static final String UP = "model.layers.0.mlp.experts.gate_up_proj";

    @TempDir Path temp;

    private Path merge(Path root, String model, String scale, String type, String name, int threads)
            throws IOException {
        Path out = temp.resolve(name);
        Merges.run(
                "merge_method: passthrough\nmodels: [{model: %s, parameters: {scale: %s}}]\nout_dtype: %s\n"
                        .formatted(model, scale, type),
                root,
                out,
                Options.DEFAULT.threads(threads));
        return out.resolve("model.safetensors");
    }

    private Path merge(String scale, String type, String name) throws IOException {
        return merge(MODELS, "mxfp4-gptoss", scale, type, name, 2);
    }

    private static float[] read(TensorSource tensor) throws IOException {
        int n = (int) tensor.info().elements();
        float[] values = new float[n];
        tensor.read(0, n, values, 0, new Workspace(ScalarKernels.INSTANCE, Math.max(1, n)));
        return values;
    }

    /** Half of each value has the same codes, with smaller exponents. */
    @Test
    void whatIsMergedIsQuantisedAnew() throws IOException {
        Path made = merge("0.5", "mxfp4", "made");
        merge("0.5", "float32", "dense");
        try (Checkpoint dense = ModelLoader.load().open(temp.resolve("dense"), "dense");
                Checkpoint codes = ModelLoader.load().open(temp.resolve("made"), "codes")) {
            assertThat(codes.quantisation().orElseThrow().weights())
                    .containsExactlyInAnyOrder(UP, UP.replace("gate_up", "down"));
            for (Map.Entry<String, ? extends TensorSource> tensor : codes.tensors().entrySet()) {
                if (tensor.getKey().contains("experts.") && !tensor.getKey().endsWith("bias")) {
                    float[] wanted = read(dense.tensors().get(tensor.getKey()));
                    float[] found = read(tensor.getValue());
                    for (int i = 0; i < wanted.length; i++) {
                        // Zeros have one sign.
                        assertThat(found[i] + 0f).isEqualTo(wanted[i] + 0f);
                    }
                }
            }
        }
        assertThat(temp.resolve("made/config.json"))
                .content()
                .contains("\"quant_method\": \"mxfp4\"", "mlp.router");
        assertThat(merge("0.5", "keep", "kept")).hasSameBinaryContentAs(made);
        assertThat(merge(MODELS, "mxfp4-gptoss", "0.5", "mxfp4", "alone", 1))
                .hasSameBinaryContentAs(made);
    }

    @Test
    void copiesKeepTheirBytes() throws IOException {
        Path copied = merge("1", "mxfp4", "copied");
        try (SafetensorsFile own =
                        SafetensorsFile.open(MODELS.resolve("mxfp4-gptoss/model.safetensors"));
                SafetensorsFile made = SafetensorsFile.open(copied)) {
            assertThat(made.tensors().keySet()).isEqualTo(own.tensors().keySet());
            for (String part : new String[] {"_blocks", "_scales"}) {
                assertThat(made.bytes(UP + part)).isEqualTo(own.bytes(UP + part));
            }
        }
    }

    /** Models that were trained dense are written as the published ones are. */
    @Test
    void denseModelsOfTheKindToo() throws IOException {
        merge("1", "bfloat16", "dense");
        merge(temp, "dense", "1", "mxfp4", "made", 2);
        assertThat(Files.readString(temp.resolve("made/config.json"))).contains("\"mxfp4\"");
        try (Checkpoint codes = ModelLoader.load().open(temp.resolve("made"), "codes")) {
            assertThat(codes.quantisation().orElseThrow().weights()).contains(UP);
        }
    }
}
