package io.amalgam;

import io.amalgam.checkpoint.Checkpoint;
import io.amalgam.checkpoint.CheckpointFormat;
import io.amalgam.error.BadInputException;
import io.amalgam.error.Problem;
import io.amalgam.plan.ModelSource;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.ServiceLoader;

/**
 * The checkpoint formats on the class path, and the opening of models by path. Immutable, safe for
 * use by many threads.
 */
public final class Formats {
    private final List<CheckpointFormat> formats;

    private Formats(List<CheckpointFormat> formats) {
        this.formats = List.copyOf(formats);
    }

    /** The formats that {@link ServiceLoader} finds. */
    public static Formats load() {
        List<CheckpointFormat> found = new ArrayList<>();
        ServiceLoader.load(CheckpointFormat.class).forEach(found::add);
        return new Formats(found);
    }

    /**
     * A format by name.
     *
     * @throws BadInputException if it is not on the class path
     */
    public CheckpointFormat get(String name) {
        return formats.stream()
                .filter(format -> format.name().equals(name))
                .findFirst()
                .orElseThrow(
                        () ->
                                new BadInputException(
                                        Problem.expected(
                                                        "checkpoint format '" + name + "'",
                                                        "one of the formats on the class path",
                                                        formats.stream()
                                                                .map(CheckpointFormat::name)
                                                                .toList())
                                                .hint(
                                                        "add the dependency io.amalgam:merge-formats")));
    }

    /**
     * Opens a checkpoint: a model directory or a bare weights file.
     *
     * @param name what messages call it
     * @throws BadInputException if nothing is there or no format takes it
     */
    public Checkpoint open(Path path, String name) throws IOException {
        if (!Files.exists(path)) {
            throw new BadInputException(
                    Problem.expected(
                                    "model '" + name + "'",
                                    "a model directory or weights file",
                                    "nothing at '" + path + "'")
                            .hint("models are local paths; download it first"));
        }
        for (CheckpointFormat format : formats) {
            if (format.canOpen(path)) {
                return format.open(path, name);
            }
        }
        throw new BadInputException(
                Problem.expected(
                                "model '" + name + "'",
                                "a model directory, or a .safetensors or PyTorch file",
                                Files.isDirectory(path)
                                        ? "a directory without weights"
                                        : Files.isRegularFile(path)
                                                ? "a file of another kind"
                                                : "a pipe or device")
                        .at("'" + path + "'")
                        .hint("check the path, or save the model as safetensors first"));
    }

    /**
     * Opens the models a recipe names: from the first folder where the path exists, absolute paths
     * as they are.
     *
     * @param folders in order, usually the working directory and the recipe's folder
     */
    public ModelSource models(List<Path> folders) {
        List<Path> searched = List.copyOf(folders);
        return model -> {
            for (Path folder : searched) {
                Path path = resolve(folder, model.path());
                if (Files.exists(path)) {
                    return open(path, model.toString());
                }
            }
            List<String> tried =
                    searched.stream()
                            .map(f -> "'" + resolve(f, model.path()) + "'")
                            .distinct()
                            .toList();
            throw new BadInputException(
                    Problem.expected(
                                    "model '" + model + "'",
                                    "an existing path",
                                    "nothing at " + String.join(" or ", tried))
                            .at(model.location())
                            .hint(
                                    "models are local paths, looked for from the working directory and the recipe's folder; download it first"));
        };
    }

    private static Path resolve(Path folder, String path) {
        try {
            return folder.resolve(path).normalize();
        } catch (InvalidPathException e) {
            throw new BadInputException(
                    Problem.expected("model path", "a path of this system", "'" + path + "'"), e);
        }
    }
}
