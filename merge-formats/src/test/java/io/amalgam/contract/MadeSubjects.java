package io.amalgam.contract;

import io.amalgam.ModelLoader;
import io.amalgam.checkpoint.Checkpoint;
import io.amalgam.checkpoint.TensorSource;
import io.amalgam.contract.Subjects.Subject;
import io.amalgam.error.Problem;
import io.amalgam.formats.safetensors.NamedTensor;
import io.amalgam.formats.safetensors.SafetensorsWriter;
import io.amalgam.internal.checkpoint.RemarkedCheckpoint;
import io.amalgam.internal.checkpoint.RenamedTensor;
import io.amalgam.internal.checkpoint.TransposedTensor;
import io.amalgam.internal.checkpoint.Zeros;
import io.amalgam.internal.lora.extract.ExtractOptions;
import io.amalgam.internal.lora.taskvector.SparseExtraction;
import io.amalgam.tensor.DType;
import io.amalgam.tensor.Shape;
import io.amalgam.tensor.TensorInfo;
import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Random;

/** What no model among the test resources is made of. */
final class MadeSubjects {
    private static final Path MODELS = Subjects.RESOURCES.resolve("golden/merge/models");
    private static final Path MIXTRAL = Subjects.RESOURCES.resolve("experts/mixtral");

    private MadeSubjects() {}

    static List<Subject> all(Path temp) throws IOException {
        Path vector = temp.resolve("vector.safetensors");
        ModelLoader loader = ModelLoader.load();
        try (Checkpoint tuned = loader.open(MODELS.resolve("ft1"), "ft1");
                Checkpoint base = loader.open(MODELS.resolve("base"), "base")) {
            SparseExtraction.write(
                    tuned,
                    base,
                    vector,
                    ExtractOptions.ofEnergy(1),
                    0.25,
                    loader.output("safetensors"),
                    1);
        }
        Path adapter = oneExpert(Files.createDirectory(temp.resolve("adapter")));
        Path fused = MIXTRAL.resolve("fused.safetensors");
        return List.of(
                new Subject(
                        "a task vector",
                        "made",
                        () -> Subjects.applied(MODELS.resolve("base"), vector)),
                new Subject("one expert", "made", () -> Subjects.applied(fused, adapter)),
                new Subject("decorators", "made", MadeSubjects::decorated));
    }

    /** An adapter of a single expert for a base that stacks them. */
    private static Path oneExpert(Path folder) throws IOException {
        Files.writeString(
                folder.resolve("adapter_config.json"),
                "{\"peft_type\": \"LORA\", \"r\": 2, \"lora_alpha\": 3}");
        String in = "base_model.model.model.layers.0.block_sparse_moe.experts.1.w3.";
        SafetensorsWriter.write(
                folder.resolve("adapter_model.safetensors"),
                List.of(random(in + "lora_A.weight", 2, 8), random(in + "lora_B.weight", 6, 2)),
                Map.of());
        return folder;
    }

    private static NamedTensor random(String name, long... dims) {
        Random random = new Random(1);
        float[] values = new float[(int) Shape.of(dims).elements()];
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) random.nextGaussian();
        }
        return NamedTensor.ofFloats(name, Shape.of(dims), values);
    }

    private static Closeable decorated() throws IOException {
        Checkpoint base = ModelLoader.load().open(MODELS.resolve("base"), "base");
        Checkpoint remarked = new RemarkedCheckpoint(base, List.of(Problem.of("a remark")));
        TensorSource matrix =
                base.tensors().values().stream()
                        .filter(source -> source.info().shape().rank() == 2)
                        .findFirst()
                        .orElseThrow();
        List<TensorSource> sources =
                List.of(
                        new RenamedTensor(matrix, "renamed"),
                        new TransposedTensor(matrix),
                        new Zeros(new TensorInfo("zeros", DType.F32, Shape.of(3, 5))));
        return new Decorated(remarked, sources);
    }

    private record Decorated(Checkpoint model, List<TensorSource> sources) implements Closeable {
        @Override
        public void close() throws IOException {
            model.close();
        }
    }
}
