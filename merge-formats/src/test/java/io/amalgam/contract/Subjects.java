package io.amalgam.contract;

import io.amalgam.ModelLoader;
import io.amalgam.checkpoint.Checkpoint;
import io.amalgam.checkpoint.TensorSource;
import io.amalgam.error.BadInputException;
import io.amalgam.formats.safetensors.NamedTensor;
import io.amalgam.formats.safetensors.SafetensorsWriter;
import io.amalgam.internal.formats.huggingface.BpeTokenizer;
import io.amalgam.internal.kernel.ScalarKernels;
import io.amalgam.internal.lora.WeightedAdapter;
import io.amalgam.internal.method.builtin.BuiltInMethods;
import io.amalgam.internal.recipe.yaml.MoeRecipeReader;
import io.amalgam.internal.recipe.yaml.ReadOptions;
import io.amalgam.internal.recipe.yaml.RecipeReader;
import io.amalgam.internal.stages.PlannedModel;
import io.amalgam.internal.stages.StagePlanner;
import io.amalgam.internal.stages.StagedPlan;
import io.amalgam.internal.structure.moe.MoePlanner;
import io.amalgam.plan.PlanOptions;
import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/**
 * Models, models with adapters and plans of the test resources: all kinds of sources are in them.
 */
final class Subjects {
    static final Path RESOURCES = Path.of("src/test/resources").toAbsolutePath();
    private static final Path GOLDEN = RESOURCES.resolve("golden");

    /**
     * Something that holds tensor sources.
     *
     * @param name of it, unique
     * @param scope in which names of models mean the same
     */
    record Subject(String name, String scope, Opening opening) {}

    /** Opens it. */
    interface Opening {
        Closeable open() throws IOException;
    }

    private static final String WEIGHT = "parameters: {weight: 0.5}\n";

    private Subjects() {}

    /**
     * @param temp for what is written first
     */
    static List<Subject> all(Path temp) throws IOException {
        List<Subject> all = new ArrayList<>(MadeSubjects.all(temp));
        models(all);
        adapters(all);
        for (String kind : List.of("merge", "tokenizer")) {
            recipes(all, GOLDEN.resolve(kind));
        }
        all.add(staged("stages.yml", GOLDEN.resolve("stages/stages.yml"), GOLDEN.resolve("merge")));
        for (Path recipe : list(GOLDEN.resolve("moe/recipes"))) {
            String text = Files.readString(recipe);
            all.add(moe(recipe.getFileName().toString(), text, GOLDEN.resolve("moe")));
        }
        String random =
                Files.readString(GOLDEN.resolve("moe/recipes/mixtral.yml"))
                        .replaceFirst("gate_mode: \\w+", "gate_mode: random");
        all.add(moe("random.yml", random, GOLDEN.resolve("moe")));
        prepared(all, temp);
        return all;
    }

    /** Models that are aligned or measured, and merges that are read but never written. */
    private static void prepared(List<Subject> all, Path temp) throws IOException {
        Path folder = GOLDEN.resolve("merge");
        String models = "models: [{model: models/ft1}, {model: models/ft2}]\n";
        Path statistics = temp.resolve("statistics.safetensors");
        List<NamedTensor> fisher = new ArrayList<>();
        try (Checkpoint model = ModelLoader.load().open(folder.resolve("models/ft1"), "ft1")) {
            for (TensorSource tensor : model.tensors().values()) {
                float[] ones = new float[(int) tensor.info().elements()];
                Arrays.fill(ones, 1);
                String name = tensor.info().name() + ".fisher";
                fisher.add(NamedTensor.ofFloats(name, tensor.info().shape(), ones));
            }
        }
        SafetensorsWriter.write(statistics, fisher, Map.of("amalgam_statistics", "1"));
        String measured =
                "models: [{model: models/ft1, statistics: '%1$s'}, {model: models/ft2, statistics: '%1$s'}]\n"
                        .formatted(statistics);
        all.add(
                text(
                        "aligned",
                        "merge_method: linear\n"
                                + WEIGHT
                                + models
                                + "align: {method: weight_matching}\n",
                        temp,
                        folder));
        all.add(text("measured", "merge_method: fisher\n" + measured, temp, folder));
        for (String method : List.of("karcher", "linear")) {
            Subject plans =
                    text(
                            "never written, " + method,
                            "merge_method: " + method + "\n" + WEIGHT + models,
                            temp,
                            folder);
            all.add(
                    new Subject(
                            plans.name(),
                            plans.scope(),
                            () ->
                                    PlannedModel.of(
                                            (StagedPlan) plans.opening().open(),
                                            method,
                                            ScalarKernels.INSTANCE)));
        }
    }

    private static Subject text(String name, String recipe, Path temp, Path folder)
            throws IOException {
        Path file = Files.writeString(temp.resolve(name.replace(' ', '-') + ".yml"), recipe);
        return staged(name, file, folder);
    }

    private static List<Path> list(Path folder) throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.sorted().toList();
        }
    }

    /** Every folder and file that opens. */
    private static void models(List<Subject> all) throws IOException {
        List<Path> found = new ArrayList<>();
        try (Stream<Path> files = Files.walk(RESOURCES)) {
            files.filter(Subjects::isModel).sorted().forEach(found::add);
        }
        for (Path path : found) {
            if (!opens(() -> ModelLoader.load().open(path, "m"))) {
                continue;
            }
            String name = RESOURCES.relativize(path).toString();
            all.add(new Subject(name, "models", () -> ModelLoader.load().open(path, name)));
        }
    }

    /** Some are there to be refused, or belong together with others. */
    private static boolean opens(Opening opening) throws IOException {
        try {
            opening.open().close();
            return true;
        } catch (BadInputException e) {
            return false;
        }
    }

    private static boolean isModel(Path path) {
        String name = path.getFileName().toString();
        Path in = RESOURCES.relativize(path);
        if (FormatContractTest.SAMPLES.containsValue(path)) {
            return true;
        }
        if (in.startsWith("attacks") || in.startsWith("pickles") || name.startsWith("adapter_")) {
            return false;
        }
        return Files.isDirectory(path)
                ? Files.exists(path.resolve("model.safetensors"))
                        || Files.exists(path.resolve("pytorch_model.bin.index.json"))
                : name.endsWith(".bin")
                        || name.endsWith(".gguf")
                        || (name.endsWith(".safetensors")
                                && (in.startsWith("python")
                                        || in.startsWith("golden/quant/models")));
    }

    /** Every folder of an adapter beside a base. */
    private static void adapters(List<Subject> all) throws IOException {
        try (Stream<Path> files = Files.walk(RESOURCES)) {
            for (Path config :
                    files.filter(f -> f.endsWith("adapter_config.json")).sorted().toList()) {
                Path adapter = config.getParent();
                boolean golden = adapter.startsWith(GOLDEN.resolve("lora/adapters"));
                List<Path> bases =
                        List.of(
                                golden
                                        ? GOLDEN.resolve("merge/models/base")
                                        : adapter.resolveSibling("base"),
                                adapter.resolveSibling("fused.safetensors"));
                for (Path base : bases) {
                    if (Files.exists(base) && opens(() -> applied(base, adapter))) {
                        String name = RESOURCES.relativize(base) + "+" + adapter.getFileName();
                        all.add(new Subject(name, "adapters", () -> applied(base, adapter)));
                    }
                }
            }
        }
    }

    static Checkpoint applied(Path base, Path adapter) throws IOException {
        ModelLoader loader = ModelLoader.load();
        String name = relative(adapter);
        return loader.withAdapters(
                base,
                relative(base),
                List.of(new WeightedAdapter(loader.adapter(adapter, name), 0.5)));
    }

    private static String relative(Path path) {
        return path.startsWith(RESOURCES) ? RESOURCES.relativize(path).toString() : path.toString();
    }

    private static void recipes(List<Subject> all, Path folder) throws IOException {
        for (Path recipe : list(folder.resolve("recipes"))) {
            all.add(staged(recipe.getFileName().toString(), recipe, folder));
        }
    }

    private static Subject staged(String name, Path recipe, Path folder) {
        return new Subject(
                "recipe " + folder.getFileName() + "/" + name,
                folder.getFileName().toString(),
                () ->
                        new StagePlanner(
                                        BuiltInMethods.load(),
                                        ModelLoader.load().models(List.of(folder)),
                                        ModelLoader.load().output("huggingface"))
                                .plan(
                                        RecipeReader.readAll(recipe, ReadOptions.DEFAULT),
                                        PlanOptions.DEFAULT,
                                        false));
    }

    private static Subject moe(String name, String text, Path folder) {
        return new Subject(
                "mixture " + name,
                "moe",
                () ->
                        new MoePlanner(
                                        ModelLoader.load().models(List.of(folder)),
                                        ModelLoader.load().output("huggingface"),
                                        model -> BpeTokenizer.read(model.path())::encodePrompt)
                                .plan(
                                        MoeRecipeReader.read(text, name, ReadOptions.DEFAULT),
                                        MoePlanner.Layout.AUTO,
                                        false,
                                        PlanOptions.DEFAULT));
    }
}
