package io.amalgam.internal.formats.peft;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.amalgam.checkpoint.Checkpoint;
import io.amalgam.checkpoint.CheckpointFormat.Match;
import io.amalgam.error.BadInputException;
import io.amalgam.error.Problem;
import io.amalgam.formats.safetensors.SafetensorsFile;
import io.amalgam.internal.formats.huggingface.JsonFiles;
import io.amalgam.internal.formats.pytorch.PyTorchFile;
import io.amalgam.internal.lora.Adapter;
import io.amalgam.internal.lora.AdapterFormat;
import io.amalgam.internal.lora.NewAdapter;
import io.amalgam.internal.lora.taskvector.TaskVectorFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * LoRA adapters: directories with {@code adapter_config.json} and {@code adapter_model.safetensors}
 * or {@code .bin}, diffusers' {@code pytorch_lora_weights.safetensors}, and bare files of kohya's
 * trainer, AI-Toolkit and diffusers; and task vectors.
 */
public final class PeftFormat implements AdapterFormat {
    static final String CONFIG = "adapter_config.json";
    static final String WEIGHTS = "adapter_model.safetensors";
    private static final String PICKLE = "adapter_model.bin";
    private static final List<String> PICKLES = List.of(".bin", ".pt", ".pth");
    private static final String DIFFUSERS = "pytorch_lora_weights.safetensors";

    @Override
    public String name() {
        return "peft";
    }

    @Override
    public Match match(Path path) {
        boolean found =
                Files.isDirectory(path)
                        ? List.of(CONFIG, WEIGHTS, PICKLE, DIFFUSERS).stream()
                                .anyMatch(name -> Files.exists(path.resolve(name)))
                        : Files.isRegularFile(path)
                                && (path.toString().endsWith(".safetensors") || isPickle(path));
        return found ? Match.BY_NAME : Match.NONE;
    }

    @Override
    public Adapter open(Path path, String name) throws IOException {
        List<Problem> problems = new ArrayList<>();
        List<Problem> warnings = new ArrayList<>();
        Path settings =
                Files.isDirectory(path) ? path.resolve(CONFIG) : path.resolveSibling(CONFIG);
        Optional<ObjectNode> config = Optional.empty();
        if (Files.exists(settings)) {
            try {
                config = Optional.of(JsonFiles.readObject(settings));
            } catch (BadInputException e) {
                problems.addAll(e.problems());
            }
        }
        Optional<PeftConfig> read =
                config.map(node -> PeftConfig.read(node, settings, problems, warnings));
        boolean other =
                config.map(node -> !node.path("peft_type").asText("").equals("LORA")).orElse(false);
        if (other) {
            // What the file has is told by its kind.
            throw new BadInputException(problems);
        }
        Path weights;
        Checkpoint file;
        try {
            weights = weights(path);
            file =
                    isPickle(weights)
                            ? PyTorchFile.openAll(weights, name)
                            : SafetensorsFile.open(weights, name);
        } catch (BadInputException e) {
            problems.addAll(e.problems());
            throw new BadInputException(problems);
        }
        try {
            if (TaskVectorFile.is(file)) {
                return new Adapter(
                        name,
                        path,
                        Map.of(),
                        Map.of(),
                        TaskVectorFile.changes(file),
                        Optional.empty(),
                        List.of(weights),
                        file);
            }
            EmbeddedSettings embedded =
                    read.isPresent()
                            ? EmbeddedSettings.NONE
                            : EmbeddedSettings.of(file, problems, warnings);
            AdapterReader reader =
                    new AdapterReader(
                            file, read, embedded, new TokenIndices(config), settings, problems);
            reader.read();
            config.ifPresent(
                    node ->
                            new PromisedParts(node, settings, reader.modules().values())
                                    .check(problems, warnings));
            if (!problems.isEmpty()) {
                throw new BadInputException(problems);
            }
            return new Adapter(
                    name,
                    path,
                    reader.modules(),
                    reader.whole(),
                    reader.rows(),
                    Map.of(),
                    config,
                    List.of(weights),
                    warnings,
                    file);
        } catch (IOException | RuntimeException | Error e) {
            try (file) {
                throw e;
            }
        }
    }

    private static Path weights(Path path) {
        if (!Files.isDirectory(path)) {
            return path;
        }
        for (String name : List.of(WEIGHTS, PICKLE, DIFFUSERS)) {
            if (Files.exists(path.resolve(name))) {
                return path.resolve(name);
            }
        }
        throw new BadInputException(
                Problem.expected("adapter directory", "'" + WEIGHTS + "'", "no weights")
                        .at("'" + path + "'")
                        .hint("the download is incomplete: get the missing file"));
    }

    /** Older PEFT writes files of {@code torch.save}, as trainers of images do. */
    private static boolean isPickle(Path file) {
        return PICKLES.stream().anyMatch(file.toString()::endsWith);
    }

    @Override
    public void write(Path directory, NewAdapter adapter) throws IOException {
        PeftWriter.write(directory, adapter);
    }
}
