package io.amalgam.internal.formats.peft;

import io.amalgam.ModelLoader;
import io.amalgam.checkpoint.TensorSource;
import io.amalgam.formats.safetensors.NamedTensor;
import io.amalgam.formats.safetensors.SafetensorsWriter;
import io.amalgam.internal.kernel.ScalarKernels;
import io.amalgam.internal.lora.Adapter;
import io.amalgam.internal.lora.WeightedAdapter;
import io.amalgam.internal.lora.apply.LoraCheckpoint;
import io.amalgam.kernel.Workspace;
import io.amalgam.tensor.Shape;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;

/** Makes adapters and models of random numbers, and reads what comes of them. */
final class Adapters {
    private final Path folder;
    private final Random random = new Random(5);

    Adapters(Path folder) {
        this.folder = folder;
    }

    NamedTensor random(String name, long... dims) {
        Shape shape = Shape.of(dims);
        float[] values = new float[(int) shape.elements()];
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) random.nextGaussian();
        }
        return NamedTensor.ofFloats(name, shape, values);
    }

    static NamedTensor number(String name, float value) {
        return NamedTensor.ofFloats(name, Shape.of(), value);
    }

    Path model(String name, NamedTensor... tensors) throws IOException {
        Path directory = Files.createDirectories(folder.resolve(name));
        SafetensorsWriter.write(
                directory.resolve("model.safetensors"), List.of(tensors), Map.of("format", "pt"));
        return directory;
    }

    /** An adapter as PEFT writes one. */
    Path peft(String name, String config, NamedTensor... tensors) throws IOException {
        Path directory = Files.createDirectories(folder.resolve(name));
        Files.writeString(directory.resolve("adapter_config.json"), config);
        return file(name + "/adapter_model.safetensors", tensors).getParent();
    }

    Path file(String name, NamedTensor... tensors) throws IOException {
        Path file = folder.resolve(name);
        SafetensorsWriter.write(file, List.of(tensors), Map.of("format", "pt"));
        return file;
    }

    static Adapter open(Path adapter) throws IOException {
        return ModelLoader.load().adapter(adapter, adapter.getFileName().toString());
    }

    static LoraCheckpoint merged(Path base, Path adapter) throws IOException {
        return merged(base, List.of(adapter), List.of(1.0));
    }

    static LoraCheckpoint merged(Path base, List<Path> adapters, List<Double> weights)
            throws IOException {
        List<WeightedAdapter> opened = new ArrayList<>();
        for (int i = 0; i < adapters.size(); i++) {
            opened.add(new WeightedAdapter(open(adapters.get(i)), weights.get(i)));
        }
        return ModelLoader.load().withAdapters(base, base.getFileName().toString(), opened);
    }

    /** A tensor's values, read {@code block} elements at a time. */
    static float[] read(TensorSource source, int block) throws IOException {
        float[] all = new float[(int) source.info().elements()];
        Workspace workspace = new Workspace(ScalarKernels.INSTANCE, Math.max(block, 1 << 10));
        for (int from = 0; from < all.length; from += block) {
            source.read(from, Math.min(block, all.length - from), all, from, workspace);
        }
        return all;
    }

    static float[] values(NamedTensor tensor) {
        float[] values = new float[(int) tensor.info().elements()];
        tensor.data()
                .duplicate()
                .order(java.nio.ByteOrder.LITTLE_ENDIAN)
                .asFloatBuffer()
                .get(values);
        return values;
    }

    /** {@code w + factor * b a}, in float64. */
    static double[] plus(double[] w, double factor, NamedTensor b, NamedTensor a) {
        int rank = (int) a.info().shape().dim(0);
        int cols = (int) (a.info().elements() / rank);
        float[] left = values(b);
        float[] right = values(a);
        double[] sum = w.clone();
        for (int i = 0; i < sum.length; i++) {
            for (int k = 0; k < rank; k++) {
                sum[i] += factor * left[i / cols * rank + k] * right[k * cols + i % cols];
            }
        }
        return sum;
    }

    static double[] wide(NamedTensor tensor) {
        float[] values = values(tensor);
        double[] wide = new double[values.length];
        Arrays.setAll(wide, i -> values[i]);
        return wide;
    }
}
