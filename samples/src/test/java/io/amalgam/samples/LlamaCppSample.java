package io.amalgam.samples;

import static io.amalgam.Parameter.weight;

import de.kherud.llama.InferenceParameters;
import de.kherud.llama.LlamaModel;
import de.kherud.llama.ModelParameters;
import de.kherud.llama.args.CacheType;
import io.amalgam.Merge;
import io.amalgam.tensor.DType;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;

/** A merge as one GGUF file, opened with java-llama.cpp: tokens of prompts, and what follows. */
public final class LlamaCppSample {
    static final List<String> PROMPTS =
            List.of("The house", "37+58=", "public static ", "gr\u00fc\u00dfe \u4e00");

    private LlamaCppSample() {}

    public static void main(String... args) throws IOException {
        String file = args[0];
        Path models = Digits.HOME.resolve("models/bytes");
        Merge.taskArithmetic()
                .base(models.resolve("base"))
                .model(models.resolve("java"), weight(0.4))
                .model(models.resolve("prose"), weight(0.4))
                .model(models.resolve("sums"), weight(0.4))
                .dtype(DType.F32)
                .to(Path.of(file))
                .run();

        ModelParameters settings =
                new ModelParameters()
                        .setModel(file)
                        .setGpuLayers(0)
                        .setThreads(1)
                        .setCacheTypeK(CacheType.F32)
                        .setCacheTypeV(CacheType.F32);
        try (LlamaModel model = new LlamaModel(settings)) {
            for (String prompt : PROMPTS) {
                InferenceParameters likeliest =
                        new InferenceParameters(prompt).setTemperature(0).setNPredict(32);
                System.out.println("tokens: " + Arrays.toString(model.encode(prompt)));
                System.out.println("next: " + model.complete(likeliest).replace('\n', '|'));
            }
        }
        System.exit(0); // A thread of the library's goes on without end.
    }
}
