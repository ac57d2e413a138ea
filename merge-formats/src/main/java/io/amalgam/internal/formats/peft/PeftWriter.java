package io.amalgam.internal.formats.peft;

import io.amalgam.formats.safetensors.NamedTensor;
import io.amalgam.formats.safetensors.SafetensorsWriter;
import io.amalgam.internal.encoding.TensorEncoding;
import io.amalgam.internal.formats.huggingface.JsonFiles;
import io.amalgam.internal.io.AtomicFile;
import io.amalgam.internal.kernel.ScalarKernels;
import io.amalgam.internal.linalg.Matrix;
import io.amalgam.internal.lora.LoraModule;
import io.amalgam.internal.lora.LowRankDelta;
import io.amalgam.internal.lora.NewAdapter;
import io.amalgam.internal.lora.ParameterFactors;
import io.amalgam.kernel.Workspace;
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

/** Writes an adapter as PEFT does: weights, then settings. */
final class PeftWriter {
    private PeftWriter() {}

    static void write(Path directory, NewAdapter adapter) throws IOException {
        List<NamedTensor> tensors = new ArrayList<>();
        for (LowRankDelta module : adapter.modules()) {
            module(module, adapter.dtype(), tensors);
        }
        WrappedNames names = new WrappedNames(adapter);
        for (ParameterFactors factors : adapter.parameters()) {
            parameter(factors, names.wrapper(factors), adapter.dtype(), tensors);
        }
        adapter.whole()
                .forEach(
                        (name, whole) ->
                                tensors.add(
                                        tensor(
                                                TensorKey.peftWhole(names.whole(name)),
                                                whole.shape(),
                                                whole.values(),
                                                adapter.dtype())));
        Files.createDirectories(directory);
        Path config = directory.resolve(PeftFormat.CONFIG);
        try (AtomicFile settings = AtomicFile.create(config)) {
            settings.write(ByteBuffer.wrap(JsonFiles.bytes(NewConfig.of(adapter))), 0);
            settings.complete();
            // Without settings no reader takes the folder for an adapter.
            Files.deleteIfExists(config);
            SafetensorsWriter.write(
                    directory.resolve(PeftFormat.WEIGHTS), tensors, Map.of("format", "pt"));
            settings.commit();
        }
    }

    private static void module(LowRankDelta module, DType dtype, List<NamedTensor> tensors) {
        boolean embedding = module.kind() == LoraModule.Kind.EMBEDDING;
        String name = module.module();
        long[] b = new long[module.aShape().rank()];
        java.util.Arrays.fill(b, 1);
        b[0] = module.b().rows();
        b[1] = module.rank();
        tensors.add(
                tensor(
                        TensorKey.peft(name, embedding ? "lora_embedding_A" : "lora_A.weight"),
                        module.aShape(),
                        module.a().floats(),
                        dtype));
        tensors.add(
                tensor(
                        TensorKey.peft(name, embedding ? "lora_embedding_B" : "lora_B.weight"),
                        Shape.of(b),
                        module.b().floats(),
                        dtype));
        module.bias()
                .ifPresent(
                        bias ->
                                tensors.add(
                                        tensor(
                                                TensorKey.peft(name, "lora_B.bias"),
                                                Shape.of(bias.length),
                                                bias,
                                                dtype)));
    }

    private static void parameter(
            ParameterFactors factors, String wrapper, DType dtype, List<NamedTensor> tensors) {
        Matrix a = factors.a();
        Matrix b = factors.b();
        tensors.add(
                tensor(
                        TensorKey.peft(wrapper, "lora_A.weight"),
                        Shape.of(a.rows(), a.cols()),
                        a.floats(),
                        dtype));
        tensors.add(
                tensor(
                        TensorKey.peft(wrapper, "lora_B.weight"),
                        Shape.of(b.rows(), b.cols()),
                        b.floats(),
                        dtype));
    }

    private static NamedTensor tensor(String name, Shape shape, float[] values, DType dtype) {
        int n = values.length;
        ByteBuffer bytes =
                ByteBuffer.allocate((int) dtype.bytesFor(n)).order(ByteOrder.LITTLE_ENDIAN);
        TensorEncoding.of(dtype).encode(values, n, bytes, new Workspace(ScalarKernels.INSTANCE, n));
        return new NamedTensor(new TensorInfo(name, dtype, shape), bytes);
    }
}
