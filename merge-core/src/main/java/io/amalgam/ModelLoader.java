package io.amalgam;

import io.amalgam.checkpoint.Checkpoint;
import io.amalgam.checkpoint.CheckpointFormat;
import io.amalgam.checkpoint.HubOptions;
import io.amalgam.checkpoint.OutputFormat;
import io.amalgam.error.BadInputException;
import io.amalgam.error.Problem;
import io.amalgam.internal.checkpoint.PathOrName;
import io.amalgam.internal.checkpoint.RemoteModels;
import io.amalgam.internal.checkpoint.WrittenPath;
import io.amalgam.internal.lora.Adapter;
import io.amalgam.internal.lora.AdapterFormat;
import io.amalgam.internal.lora.WeightedAdapter;
import io.amalgam.internal.lora.apply.LoraCheckpoint;
import io.amalgam.plan.ModelSource;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.ServiceLoader;

/**
 * Opens models and adapters by path, with the checkpoint formats on the class path. Immutable and
 * thread-safe.
 */
public final class ModelLoader {
    private final Formats formats;
    private final RemoteModels remote;

    private ModelLoader(Formats formats, RemoteModels remote) {
        this.formats = formats;
        this.remote = remote;
    }

    /** A loader with the formats that {@link ServiceLoader} finds. */
    public static ModelLoader load() {
        return new ModelLoader(Formats.load(), RemoteModels.NONE);
    }

    Formats formats() {
        return formats;
    }

    RemoteModels names(HubOptions hub) {
        return ServiceLoader.load(RemoteModels.Provider.class)
                .findFirst()
                .orElseThrow(
                        () ->
                                new BadInputException(
                                        Problem.of("no model hub is on the class path")
                                                .hint(
                                                        "add the dependency io.amalgam:merge-formats")))
                .open(hub);
    }

    /** Accepts names in place of paths, if nothing exists at the path. */
    ModelLoader with(RemoteModels names) {
        return new ModelLoader(formats, names);
    }

    /** Names of the checkpoint formats that can be read. */
    public List<String> formatNames() {
        return formats.checkpoints().stream().map(CheckpointFormat::name).toList();
    }

    /**
     * Resolves a model named on a command line: the path itself, or the location of the model with
     * that name. A path to nothing is returned unchanged.
     *
     * @throws BadInputException if it is a name, and there is no such model
     */
    public Path place(Path written) throws IOException {
        return place("model", written);
    }

    /**
     * As {@link #place}, for an adapter.
     *
     * @throws BadInputException if it is a name, and there is no such adapter
     */
    public Path adapterPlace(Path written) throws IOException {
        return place("adapter", written);
    }

    /**
     * Takes note of all models and adapters of a command line, before the first is resolved. What
     * is wrong with one of them is said when that one is resolved.
     *
     * @throws BadInputException if there is no space for all that would be downloaded
     */
    public void announce(Collection<Path> written) throws IOException {
        List<RemoteModels.Named> names = new ArrayList<>();
        for (Path path : written) {
            String name = name(path);
            if (!Files.exists(path)
                    && new PathOrName(remote, "model")
                            .isAskedFor(name, Optional.empty(), List.of(path))) {
                names.add(new RemoteModels.Named(name, Optional.empty()));
            }
        }
        if (!names.isEmpty()) {
            remote.announce(names);
        }
    }

    private static String name(Path written) {
        return written.toString().replace(File.separatorChar, '/');
    }

    private Path place(String kind, Path written) throws IOException {
        String name = name(written);
        return !Files.exists(written) && remote.takes(name)
                ? new PathOrName(remote, kind).fetch(name, Optional.empty(), List.of(written))
                : written;
    }

    /**
     * An output format by name.
     *
     * @throws BadInputException if it is not on the class path
     */
    public OutputFormat output(String name) {
        return formats.output(name);
    }

    /** The format that an output's name asks for; a Hugging Face directory if it asks for none. */
    public OutputFormat outputFor(Path out) {
        return formats.outputFor(out);
    }

    /**
     * Opens a checkpoint: a model directory or a single weights file.
     *
     * @param name used in messages
     * @throws BadInputException if nothing is there or no format takes it
     */
    public Checkpoint open(Path path, String name) throws IOException {
        if (!Files.exists(path)) {
            throw new BadInputException(
                    Problem.expected(
                                    "model '" + name + "'",
                                    "a model directory or weights file",
                                    "nothing at '" + path + "'")
                            .hint(
                                    WrittenPath.modelOrNearest(
                                            List.of(path),
                                            "models are local paths; download it first")));
        }
        Optional<CheckpointFormat> format = formats.of(path);
        if (format.isPresent()) {
            return format.get().open(path, name);
        }
        throw new BadInputException(
                Problem.expected(
                                "model '" + name + "'",
                                "a model directory or weights file",
                                Files.isDirectory(path)
                                        ? "a directory without weights"
                                        : Files.isRegularFile(path)
                                                ? "a file of another kind"
                                                : "a pipe or device")
                        .at("'" + path + "'")
                        .hint("check the path, or save the model as safetensors first"));
    }

    /**
     * Opens a LoRA adapter: a PEFT directory or a single weights file.
     *
     * @param name used in messages
     * @throws BadInputException if nothing is there or no format takes it
     */
    public Adapter adapter(Path path, String name) throws IOException {
        if (!Files.exists(path)) {
            throw new BadInputException(
                    Problem.expected(
                                    "adapter '" + name + "'",
                                    "an adapter's directory or weights file",
                                    "nothing at '" + path + "'")
                            .hint(
                                    WrittenPath.didYouMean(
                                            List.of(path),
                                            "adapters are local paths; download it first")));
        }
        Optional<AdapterFormat> format = formats.ofAdapter(path);
        if (format.isPresent()) {
            return format.get().open(path, name);
        }
        throw new BadInputException(
                Problem.expected(
                                "adapter '" + name + "'",
                                "a directory with 'adapter_config.json' or a .safetensors file",
                                Files.isDirectory(path)
                                        ? "a directory without either"
                                        : "a file of another kind")
                        .at("'" + path + "'")
                        .hint("check the path"));
    }

    /**
     * The format adapters are written in.
     *
     * @throws BadInputException if no such format is on the class path
     */
    public AdapterFormat adapterFormat() {
        return formats.adapterOutput();
    }

    /**
     * Opens a base with adapters applied.
     *
     * @param name of the base, used in messages
     * @see LoraCheckpoint#over
     */
    public LoraCheckpoint withAdapters(Path base, String name, List<WeightedAdapter> adapters)
            throws IOException {
        return LoraCheckpoint.over(open(base, name), name, adapters);
    }

    /**
     * A source of the models that recipes name. Relative paths are resolved against the first
     * folder where they exist. Adapters of a model are applied.
     *
     * @param folders in order, usually the working directory and the recipe's folder
     */
    public ModelSource models(List<Path> folders) {
        return new LocalModels(this, new ModelSearch(folders, remote));
    }
}
