package io.amalgam.internal.formats.quantised;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.amalgam.checkpoint.Checkpoint;
import io.amalgam.error.BadInputException;
import io.amalgam.formats.safetensors.NamedTensor;
import io.amalgam.formats.safetensors.SafetensorsWriter;
import io.amalgam.fuzz.Fuzzing;
import io.amalgam.fuzz.JsonMutations;
import io.amalgam.internal.formats.huggingface.HuggingFaceFormat;
import io.amalgam.tensor.DType;
import io.amalgam.tensor.Shape;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.provider.MethodSource;

/** Whatever the JSON beside codes of bitsandbytes says, they are read or refused. */
class QuantStateFuzzTest {
    private static final String WEIGHT = "model.layers.0.mlp.up_proj.weight";
    private static final int ELEMENTS = 128;
    private static final JsonMutations MUTATIONS =
            new JsonMutations(
                    List.of(
                            "\"nf4\"",
                            "\"fp4\"",
                            "\"bfloat16\"",
                            "[8, 16]",
                            "[128]",
                            "[16, 8]",
                            "[0, 128]",
                            "[2147483647, 2147483647]",
                            "[-8, -16]",
                            "64",
                            "2",
                            "1e10"));

    @TempDir Path folder;

    static List<byte[]> seeds() {
        return Stream.of(
                        "{'quant_type':'nf4','blocksize':64,'dtype':'bfloat16','shape':[8,16]}",
                        "{'quant_type':'nf4','blocksize':64,'dtype':'bfloat16','shape':[8,16],"
                                + "'nested_blocksize':256,'nested_dtype':'float32','nested_offset':0.03}")
                .map(text -> text.replace('\'', '"').getBytes(StandardCharsets.UTF_8))
                .toList();
    }

    @MethodSource("seeds")
    @FuzzTest(maxDuration = "90s")
    void anyBytes(byte[] bytes) throws IOException {
        accepts(bytes);
    }

    @Test
    void changedJson() {
        Fuzzing.run(1500, MUTATIONS, seeds(), seeds(), this::accepts).areBothAtLeast(100);
    }

    private boolean accepts(byte[] state) throws IOException {
        boolean nested = accepts(state, true);
        return accepts(state, false) || nested;
    }

    private boolean accepts(byte[] state, boolean nested) throws IOException {
        Files.writeString(
                folder.resolve("config.json"),
                "{\"torch_dtype\": \"bfloat16\", \"quantization_config\": {\"quant_method\": \"bitsandbytes\", \"load_in_4bit\": true}}");
        NamedTensor absmax =
                nested
                        ? bytes(WEIGHT + ".absmax", new byte[] {1, 2}, 2)
                        : floats(WEIGHT + ".absmax", 2);
        SafetensorsWriter.write(
                folder.resolve("model.safetensors"),
                List.of(
                        bytes(WEIGHT, new byte[ELEMENTS / 2], ELEMENTS / 2, 1),
                        absmax,
                        floats(WEIGHT + ".nested_absmax", 1),
                        floats(WEIGHT + ".nested_quant_map", 256),
                        floats(WEIGHT + ".quant_map", 16),
                        bytes(WEIGHT + ".quant_state.bitsandbytes__nf4", state, state.length)),
                Map.of("format", "pt"));
        try (Checkpoint model = new HuggingFaceFormat().open(folder, "m")) {
            QuantisedMutationTest.readAll(model);
            assertThat(model.tensors().get(WEIGHT).info().elements()).isEqualTo(ELEMENTS);
            return true;
        } catch (BadInputException e) {
            QuantisedMutationTest.assertRefusal(e);
            return false;
        }
    }

    private static NamedTensor bytes(String name, byte[] data, long... dims) {
        return NamedTensor.ofBytes(name, DType.U8, Shape.of(dims), data);
    }

    private static NamedTensor floats(String name, int count) {
        return NamedTensor.ofFloats(name, Shape.of(count), new float[count]);
    }
}
