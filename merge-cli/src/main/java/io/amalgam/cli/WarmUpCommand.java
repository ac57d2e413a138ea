package io.amalgam.cli;

import io.amalgam.cli.console.Console;
import io.amalgam.cli.console.Terminal;
import io.amalgam.cli.options.Interruption;
import io.amalgam.formats.safetensors.NamedTensor;
import io.amalgam.formats.safetensors.SafetensorsWriter;
import io.amalgam.internal.io.FileWrites;
import io.amalgam.tensor.Shape;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;

/**
 * Merges and compares two tiny models, and merges a tiny adapter, in a temporary directory. The
 * build runs it while the JVM notes which classes are loaded: the archive made of them lets later
 * starts skip most of loading.
 */
@Command(name = "warm-up", hidden = true, description = "Loads the classes that merges use.")
final class WarmUpCommand implements Callable<Integer> {
    private static final Console SILENT =
            new Console(
                    new PrintStream(OutputStream.nullOutputStream()),
                    new PrintStream(OutputStream.nullOutputStream()),
                    new Terminal(true, false, 80, false));
    private static final String RECIPE =
            """
            merge_method: ties
            base_model: %1$s
            models:
              - model: %2$s
                parameters: {weight: 1, density: [0.5, 0.9]}
            parameters: {normalize: true}
            dtype: bfloat16
            """;

    @Override
    public Integer call() throws IOException {
        Path folder = Files.createTempDirectory("amalgam-warm-up");
        try {
            Path base = model(folder.resolve("a"), 1, -2, 3, -4);
            Path tuned = model(folder.resolve("b"), 2, -3, 5, -7);
            Path recipe = folder.resolve("recipe.yml");
            Files.writeString(recipe, RECIPE.formatted(base.getFileName(), tuned.getFileName()));
            String out = folder.resolve("out").toString();
            int exit = run("merge", recipe.toString(), out, "--html");
            exit |= run("report", out, "--recipe", recipe.toString());
            String adapter = adapter(folder.resolve("adapter")).toString();
            String original = base.toString();
            exit |=
                    run(
                            "lora",
                            "merge",
                            original,
                            adapter + ":0.5",
                            folder.resolve("c").toString());
            exit |= run("plan", recipe.toString(), "--tensors", "--json");
            exit |= run("inspect", out);
            exit |= run("diff", original, tuned.toString());
            String page = folder.resolve("page.html").toString();
            exit |= run("diff", "--base", original, tuned.toString(), out, "--html", page);
            exit |= run("methods");
            exit |= run("merge", "--help");
            return exit;
        } finally {
            FileWrites.deleteTree(folder);
        }
    }

    private static int run(String... args) {
        return Main.run(args, SILENT, new Interruption());
    }

    private static Path model(Path folder, float... values) throws IOException {
        Files.createDirectory(folder);
        NamedTensor tensor = NamedTensor.ofFloats("layers.0.weight", Shape.of(2, 2), values);
        SafetensorsWriter.write(
                folder.resolve("model.safetensors"), List.of(tensor), Map.of("format", "pt"));
        Files.writeString(folder.resolve("config.json"), "{\"num_hidden_layers\": 1}\n");
        return folder;
    }

    private static Path adapter(Path folder) throws IOException {
        Files.createDirectory(folder);
        String module = "base_model.model.layers.0.";
        SafetensorsWriter.write(
                folder.resolve("adapter_model.safetensors"),
                List.of(
                        NamedTensor.ofFloats(module + "lora_A.weight", Shape.of(1, 2), 1, 2),
                        NamedTensor.ofFloats(module + "lora_B.weight", Shape.of(2, 1), 3, 4)),
                Map.of("format", "pt"));
        Files.writeString(
                folder.resolve("adapter_config.json"),
                "{\"peft_type\": \"LORA\", \"r\": 1, \"lora_alpha\": 1, \"target_modules\": [\"0\"]}\n");
        return folder;
    }
}
