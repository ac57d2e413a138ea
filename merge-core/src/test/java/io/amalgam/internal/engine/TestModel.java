package io.amalgam.internal.engine;

import io.amalgam.internal.tensor.BFloat16;
import io.amalgam.internal.tensor.Half;
import io.amalgam.plainformat.PlainFile;
import io.amalgam.plainformat.PlainFile.NamedTensor;
import io.amalgam.tensor.DType;
import io.amalgam.tensor.Shape;
import io.amalgam.tensor.TensorInfo;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;

/** Writes model directories for tests. */
final class TestModel {
    private final List<NamedTensor> tensors = new ArrayList<>();

    /**
     * A model of all types, with two layers, tensors larger than what one worker takes at a time,
     * an empty one and scalars.
     *
     * @param seed 0 for the base; others are the base with noise on it
     */
    static TestModel ofAllKinds(int seed) {
        TestModel model = new TestModel();
        model.random("model.embed_tokens.weight", DType.BF16, Shape.of(640, 500), seed);
        model.random("model.empty.weight", DType.F32, Shape.of(0, 7), seed);
        for (int layer = 0; layer < 2; layer++) {
            String prefix = "model.layers." + layer + ".";
            model.random(prefix + "self_attn.q_proj.weight", DType.BF16, Shape.of(300, 300), seed);
            model.random(prefix + "mlp.up_proj.weight", DType.F32, Shape.of(130, 1001), seed);
            model.random(prefix + "mlp.down_proj.weight", DType.F16, Shape.of(37, 41), seed);
            model.random(prefix + "norm.weight", DType.BF16, Shape.of(77), seed);
        }
        model.random("model.norm.weight", DType.F64, Shape.of(33), seed);
        model.random("model.norm.scale", DType.F32, Shape.of(), seed);
        model.bytes("model.step", DType.I64, Shape.of(), 1, 2, 3, 4, 5, 6, 7, 8);
        model.bytes("model.mask", DType.BOOL, Shape.of(5), 1, 0, 1, 1, 0);
        return model;
    }

    TestModel floats(String name, float... values) {
        tensors.add(NamedTensor.ofFloats(name, Shape.of(values.length), values));
        return this;
    }

    TestModel bytes(String name, DType dtype, Shape shape, int... values) {
        byte[] bytes = new byte[values.length];
        for (int i = 0; i < values.length; i++) {
            bytes[i] = (byte) values[i];
        }
        tensors.add(NamedTensor.ofBytes(name, dtype, shape, bytes));
        return this;
    }

    /**
     * Normal values; with another seed than 0 near those of seed 0, as a fine-tuned model's are.
     */
    TestModel random(String name, DType dtype, Shape shape, int seed) {
        Random origin = new Random(name.hashCode());
        Random noise = new Random(name.hashCode() * 31L + seed);
        float[] values = new float[Math.toIntExact(shape.elements())];
        for (int i = 0; i < values.length; i++) {
            double value = origin.nextGaussian();
            values[i] = (float) (seed == 0 ? value : value + 0.1 * noise.nextGaussian());
        }
        return values(name, dtype, shape, values);
    }

    TestModel values(String name, DType dtype, Shape shape, float... values) {
        TensorInfo info = new TensorInfo(name, dtype, shape);
        ByteBuffer bytes = ByteBuffer.allocate((int) info.bytes()).order(ByteOrder.LITTLE_ENDIAN);
        for (float value : values) {
            switch (dtype) {
                case BF16 -> bytes.putShort(BFloat16.fromFloat(value));
                case F16 -> bytes.putShort(Half.fromFloat(value));
                case F32 -> bytes.putFloat(value);
                case F64 -> bytes.putDouble(value);
                default -> throw new IllegalArgumentException("no floats in " + dtype);
            }
        }
        tensors.add(new NamedTensor(info, bytes.flip()));
        return this;
    }

    /** Writes {@code model.plain}, {@code config.json} and a tokenizer. */
    Path write(Path directory) throws IOException {
        Files.createDirectories(directory);
        PlainFile.write(directory.resolve("model.plain"), tensors, Map.of("format", "pt"));
        Files.writeString(
                directory.resolve("config.json"),
                """
                {"architectures": ["LlamaForCausalLM"], "model_type": "llama", "num_hidden_layers": 2}
                """);
        Files.writeString(
                directory.resolve("tokenizer.json"),
                "{\"of\": \"" + directory.getFileName() + "\"}");
        return directory;
    }

    /** Writes the models {@code base}, {@code one} and {@code two} of all kinds into a folder. */
    static Path writeThree(Path root) throws IOException {
        ofAllKinds(0).write(root.resolve("base"));
        ofAllKinds(1).write(root.resolve("one"));
        ofAllKinds(2).write(root.resolve("two"));
        return root;
    }
}
