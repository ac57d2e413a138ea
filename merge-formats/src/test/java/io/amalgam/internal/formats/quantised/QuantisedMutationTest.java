package io.amalgam.internal.formats.quantised;

import static org.assertj.core.api.Assertions.assertThat;

import io.amalgam.checkpoint.Checkpoint;
import io.amalgam.checkpoint.TensorSource;
import io.amalgam.error.BadInputException;
import io.amalgam.formats.safetensors.NamedTensor;
import io.amalgam.formats.safetensors.SafetensorsFile;
import io.amalgam.formats.safetensors.SafetensorsWriter;
import io.amalgam.internal.formats.huggingface.HuggingFaceFormat;
import io.amalgam.internal.kernel.ScalarKernels;
import io.amalgam.kernel.Workspace;
import io.amalgam.tensor.DType;
import io.amalgam.tensor.Shape;
import io.amalgam.tensor.TensorInfo;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Models of {@code golden/quant} with one tensor changed: read, or refused with its name. */
class QuantisedMutationTest {
    private static final Path MODELS = Path.of("src/test/resources/golden/quant/models");
    private static final int TRIALS = 60;

    @TempDir Path folder;

    static List<String> models() throws IOException {
        try (Stream<Path> all = Files.list(MODELS)) {
            return all.map(model -> model.getFileName().toString()).sorted().toList();
        }
    }

    @ParameterizedTest
    @MethodSource("models")
    void damagedModelsAreReadOrRefused(String name) throws IOException {
        for (Path file : list(MODELS.resolve(name))) {
            Files.copy(file, folder.resolve(file.getFileName()));
        }
        int refused = 0;
        try (SafetensorsFile stored =
                SafetensorsFile.open(MODELS.resolve(name).resolve("model.safetensors"))) {
            Random random = new Random(name.hashCode());
            for (int trial = 0; trial < TRIALS; trial++) {
                Path file = folder.resolve("model.safetensors");
                SafetensorsWriter.write(file, changed(stored, random), Map.of("format", "pt"));
                try (Checkpoint model = new HuggingFaceFormat().open(folder, "m")) {
                    readAll(model);
                } catch (BadInputException e) {
                    assertThat(e.getMessage()).contains("'model.");
                    refused++;
                }
            }
        }
        boolean belongsTogether = !name.equals("fp8-plain");
        assertThat(refused > 0).isEqualTo(belongsTogether);
    }

    private static List<Path> list(Path folder) throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.toList();
        }
    }

    /** A refusal says what is wrong, in a line. */
    static void assertRefusal(BadInputException e) {
        assertThat(e.problems()).isNotEmpty();
        assertThat(e.problems())
                .allSatisfy(
                        problem -> {
                            assertThat(problem.what()).isNotBlank();
                            assertThat(problem.toString()).hasSizeLessThan(4000);
                            assertThat(problem.toString().chars())
                                    .noneMatch(Character::isISOControl);
                        });
    }

    static void readAll(Checkpoint model) throws IOException {
        Workspace workspace = new Workspace(ScalarKernels.INSTANCE, 1 << 12);
        float[] values = new float[1 << 12];
        for (TensorSource source : model.tensors().values()) {
            if (source.info().dtype().arithmetic()) {
                long elements = source.info().elements();
                for (long from = 0; from < elements; from += values.length) {
                    int n = (int) Math.min(values.length, elements - from);
                    source.read(from, n, values, 0, workspace);
                }
            }
        }
    }

    /**
     * All tensors, but for one of layers that is gone, cut, of another type, or has other bytes.
     */
    private static List<NamedTensor> changed(SafetensorsFile stored, Random random)
            throws IOException {
        List<String> names =
                stored.tensors().keySet().stream().filter(n -> n.contains("proj")).toList();
        String victim = names.get(random.nextInt(names.size()));
        List<NamedTensor> all = new ArrayList<>();
        for (String name : stored.tensors().keySet()) {
            TensorInfo info = stored.tensors().get(name).info();
            byte[] data = stored.bytes(name);
            if (!name.equals(victim)) {
                all.add(new NamedTensor(info, ByteBuffer.wrap(data)));
                continue;
            }
            switch (random.nextInt(4)) {
                case 0 -> {}
                case 1 -> {
                    long[] dims = info.shape().dims();
                    if (dims.length > 0) {
                        int axis = random.nextInt(dims.length);
                        dims[axis] = random.nextInt(3) * dims[axis] / 2;
                    }
                    TensorInfo cut = new TensorInfo(name, info.dtype(), Shape.of(dims));
                    all.add(
                            new NamedTensor(
                                    cut, ByteBuffer.wrap(Arrays.copyOf(data, (int) cut.bytes()))));
                }
                case 2 -> {
                    DType type = DType.values()[random.nextInt(DType.values().length)];
                    if (type.safetensors() && info.elements() % type.blockElements() == 0) {
                        TensorInfo other = info.withDType(type);
                        all.add(
                                new NamedTensor(
                                        other,
                                        ByteBuffer.wrap(Arrays.copyOf(data, (int) other.bytes()))));
                    }
                }
                default -> {
                    for (int i = 0; i < 8 && data.length > 0; i++) {
                        data[random.nextInt(data.length)] = (byte) random.nextInt(256);
                    }
                    all.add(new NamedTensor(info, ByteBuffer.wrap(data)));
                }
            }
        }
        return all;
    }
}
