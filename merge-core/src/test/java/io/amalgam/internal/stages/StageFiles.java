package io.amalgam.internal.stages;

import io.amalgam.engine.Cancellation;
import io.amalgam.engine.EngineOptions;
import io.amalgam.engine.MergeListener;
import io.amalgam.engine.MergeReport;
import io.amalgam.internal.kernel.ScalarKernels;
import io.amalgam.internal.method.builtin.BuiltInMethods;
import io.amalgam.internal.recipe.yaml.ReadOptions;
import io.amalgam.internal.recipe.yaml.RecipeReader;
import io.amalgam.plainformat.PlainFile;
import io.amalgam.plainformat.PlainFile.NamedTensor;
import io.amalgam.plainformat.PlainModel;
import io.amalgam.plainformat.PlainOutput;
import io.amalgam.plan.PlanOptions;
import io.amalgam.tensor.DType;
import io.amalgam.tensor.Shape;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.stream.Stream;

/** Models and merges for the tests of stages. */
record StageFiles(Path root) {
    static final EngineOptions OPTIONS =
            EngineOptions.defaults(ScalarKernels.INSTANCE).threads(2).memory(64L << 20);

    /** Writes the models {@code a}, {@code b} and {@code c}: floats alone, of odd lengths. */
    StageFiles models() throws IOException {
        for (int i = 0; i < 3; i++) {
            model(List.of("a", "b", "c").get(i), i, List.of());
        }
        return this;
    }

    /** The same with a tensor of integers that all models share. */
    StageFiles modelsWithIntegers() throws IOException {
        NamedTensor table = NamedTensor.ofBytes("table", DType.U8, Shape.of(2), (byte) 1, (byte) 2);
        for (int i = 0; i < 3; i++) {
            model(List.of("a", "b", "c").get(i), i, List.of(table));
        }
        return this;
    }

    private void model(String name, int seed, List<NamedTensor> more) throws IOException {
        List<NamedTensor> tensors = new ArrayList<>(more);
        tensors.add(floats("embed.weight", seed, 700, 401));
        for (int layer = 0; layer < 3; layer++) {
            tensors.add(floats("layers." + layer + ".up.weight", seed, 37, 41));
            tensors.add(floats("layers." + layer + ".bias", seed, 7));
        }
        Files.createDirectories(root.resolve(name));
        PlainFile.write(root.resolve(name).resolve("model.plain"), tensors, Map.of("format", "pt"));
        Files.writeString(
                root.resolve(name).resolve("config.json"),
                "{\"model_type\": \"" + name + "\", \"num_hidden_layers\": 3}");
        Files.writeString(
                root.resolve(name).resolve("tokenizer.json"),
                "{\"of\": \""
                        + name
                        + "\", \"added_tokens\": [], \"model\": {\"type\": \"WordLevel\", \"vocab\": {\"x\": 0}, \"unk_token\": \"x\"}}");
    }

    private static NamedTensor floats(String name, int seed, long... dims) {
        Random random = new Random(name.hashCode() * 31L + seed);
        float[] values = new float[(int) Shape.of(dims).elements()];
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) random.nextGaussian();
        }
        return NamedTensor.ofFloats(name, Shape.of(dims), values);
    }

    StagedPlan plan(String recipes, boolean keep) throws IOException {
        return new StagePlanner(
                        BuiltInMethods.load(), PlainModel.below(root), PlainOutput.DIRECTORY)
                .plan(
                        RecipeReader.readAll(recipes, "r.yml", ReadOptions.DEFAULT),
                        PlanOptions.DEFAULT,
                        keep);
    }

    /** Merges with stages read through where they can be. */
    MergeReport.OfRecipe merge(String recipes, Path out) throws IOException {
        return run(recipes, StagePlaces.beside(out), OPTIONS, MergeListener.NONE);
    }

    /** Merges with every stage written and kept. */
    MergeReport.OfRecipe keep(String recipes, Path out, Path stages) throws IOException {
        return run(recipes, StagePlaces.keeping(out, stages), OPTIONS, MergeListener.NONE);
    }

    MergeReport.OfRecipe run(
            String recipes, StagePlaces places, EngineOptions options, MergeListener listener)
            throws IOException {
        try (StagedPlan plan = plan(recipes, places.kept())) {
            return StagedMerge.run(plan, places, options, listener, new Cancellation());
        }
    }

    /** All files below a folder but reports, which tell the time. */
    static Map<String, byte[]> contents(Path folder) throws IOException {
        Map<String, byte[]> contents = new TreeMap<>();
        try (Stream<Path> files = Files.walk(folder)) {
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                if (!file.endsWith("amalgam-report.json")) {
                    contents.put(folder.relativize(file).toString(), Files.readAllBytes(file));
                }
            }
        }
        return contents;
    }
}
