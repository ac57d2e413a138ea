package io.amalgam;

import io.amalgam.checkpoint.Checkpoint;
import io.amalgam.checkpoint.CheckpointFormat;
import io.amalgam.checkpoint.CheckpointFormat.Match;
import io.amalgam.checkpoint.HubOptions;
import io.amalgam.checkpoint.OutputFormat;
import io.amalgam.error.BadInputException;
import io.amalgam.error.Problem;
import io.amalgam.internal.checkpoint.PathOrName;
import io.amalgam.internal.checkpoint.RemarkedCheckpoint;
import io.amalgam.internal.checkpoint.RemoteModels;
import io.amalgam.internal.checkpoint.WrittenPath;
import io.amalgam.internal.lora.Adapter;
import io.amalgam.internal.lora.AdapterFormat;
import io.amalgam.internal.lora.WeightedAdapter;
import io.amalgam.internal.lora.apply.LoraCheckpoint;
import io.amalgam.plan.ModelSource;
import io.amalgam.recipe.ModelRef;
import io.amalgam.recipe.ModelRef.AdapterRef;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.ServiceLoader;
import java.util.function.BiFunction;

/**
 * Opens models and adapters by path, with the checkpoint formats on the class path. Immutable and
 * thread-safe.
 */
public final class ModelLoader {
    /** The format of every model that is a directory: Hugging Face's. */
    static final String DIRECTORY = "huggingface";

    private static final String LOCAL =
            "models are local paths, looked for from the working directory and the recipe's folder; download it first";

    private final List<CheckpointFormat> formats;
    private final List<OutputFormat> outputs;
    private final List<AdapterFormat> adapterFormats;
    private final RemoteModels remote;

    private ModelLoader(
            List<CheckpointFormat> formats,
            List<OutputFormat> outputs,
            List<AdapterFormat> adapterFormats,
            RemoteModels remote) {
        this.formats = List.copyOf(formats);
        this.outputs = List.copyOf(outputs);
        this.adapterFormats = List.copyOf(adapterFormats);
        this.remote = remote;
    }

    /** A loader with the formats that {@link ServiceLoader} finds. */
    public static ModelLoader load() {
        List<CheckpointFormat> found = new ArrayList<>();
        ServiceLoader.load(CheckpointFormat.class).forEach(found::add);
        List<AdapterFormat> adapters = new ArrayList<>();
        ServiceLoader.load(AdapterFormat.class).forEach(adapters::add);
        List<OutputFormat> outputs = new ArrayList<>();
        ServiceLoader.load(OutputFormat.class).forEach(outputs::add);
        return new ModelLoader(found, outputs, adapters, RemoteModels.NONE);
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
    public ModelLoader with(RemoteModels names) {
        return new ModelLoader(formats, outputs, adapterFormats, names);
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

    private Path place(String kind, Path written) throws IOException {
        String name = written.toString().replace(File.separatorChar, '/');
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
        return outputs.stream()
                .filter(format -> format.name().equals(name))
                .findFirst()
                .orElseThrow(
                        () ->
                                new BadInputException(
                                        Problem.expected(
                                                        "output format '" + name + "'",
                                                        "one of the formats on the class path",
                                                        outputs.stream()
                                                                .map(OutputFormat::name)
                                                                .toList())
                                                .hint(
                                                        "add the dependency io.amalgam:merge-formats")));
    }

    /** The format that an output's name asks for; a Hugging Face directory if it asks for none. */
    public OutputFormat outputFor(Path out) {
        return outputs.stream()
                .filter(format -> format.writes(out))
                .findFirst()
                .orElseGet(() -> output(DIRECTORY))
                .to(out);
    }

    /** The format that takes a path most surely; empty if none does. */
    private static <F> Optional<F> surest(
            List<F> formats, BiFunction<F, Path, Match> match, Path path) {
        return formats.stream()
                .filter(format -> match.apply(format, path) != Match.NONE)
                .max(Comparator.comparing(format -> match.apply(format, path)));
    }

    private Optional<CheckpointFormat> formatOf(Path path) {
        return surest(formats, CheckpointFormat::match, path);
    }

    private Optional<AdapterFormat> adapterFormatOf(Path path) {
        return surest(adapterFormats, AdapterFormat::match, path);
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
                                    WrittenPath.didYouMean(
                                            List.of(path),
                                            "models are local paths; download it first")));
        }
        Optional<CheckpointFormat> format = formatOf(path);
        if (format.isPresent()) {
            return format.get().open(path, name);
        }
        throw new BadInputException(
                Problem.expected(
                                "model '" + name + "'",
                                "a model directory, or a .safetensors, .gguf or PyTorch file",
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
        Optional<AdapterFormat> format = adapterFormatOf(path);
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
        return adapterFormats.stream()
                .findFirst()
                .orElseThrow(
                        () ->
                                new BadInputException(
                                        Problem.of("no adapter format is on the class path")
                                                .hint(
                                                        "add the dependency io.amalgam:merge-formats")));
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
        return new LocalModels(List.copyOf(folders));
    }

    /** Models and adapters by path. */
    private final class LocalModels implements ModelSource {
        private final List<Path> searched;

        LocalModels(List<Path> searched) {
            this.searched = searched;
        }

        @Override
        public Checkpoint open(ModelRef model) throws IOException {
            Checkpoint opened = opened(model);
            List<Problem> remarks = remarks(model);
            return remarks.isEmpty() ? opened : new RemarkedCheckpoint(opened, remarks);
        }

        /** A folder on disk is what it is: only a hub has revisions. */
        private List<Problem> remarks(ModelRef model) {
            Optional<String> revision =
                    model.revision().filter(r -> existing(model.path(), searched).isPresent());
            for (AdapterRef adapter : model.adapters()) {
                revision =
                        revision.or(
                                () ->
                                        adapter.revision()
                                                .filter(
                                                        r ->
                                                                existing(adapter.path(), searched)
                                                                        .isPresent()));
            }
            return revision
                    .map(
                            text ->
                                    Problem.of(
                                                    "revision '"
                                                            + text
                                                            + "' has no effect: local models are read as they are")
                                            .at(model.location())
                                            .hint("leave it out"))
                    .stream()
                    .toList();
        }

        private Checkpoint opened(ModelRef model) throws IOException {
            Path path = find("model", model.path(), model.revision(), model, searched);
            if (model.adapters().isEmpty()) {
                return ModelLoader.this.open(path, model.toString());
            }
            List<WeightedAdapter> adapters = adaptersOf(model);
            try {
                return withAdapters(path, model.path(), adapters);
            } catch (IOException | RuntimeException | Error e) {
                closeAll(adapters, e);
                throw e;
            }
        }

        @Override
        public ModelRef identified(ModelRef model) {
            Optional<String> place =
                    existing(model.path(), searched)
                            .or(() -> remote.present(model.path(), model.revision()))
                            .map(ModelLoader.this::placeOfModel);
            if (place.isEmpty()) {
                return model;
            }
            return model.identified(
                    place.get(), model.adapters().stream().map(this::placed).toList());
        }

        private AdapterRef placed(AdapterRef ref) {
            String literal = ref.literalPath();
            Optional<Path> whole =
                    ref.suffix().isEmpty() ? Optional.empty() : existing(literal, searched);
            double weight = whole.isPresent() ? 1 : ref.weight();
            return whole.or(() -> existing(ref.path(), searched))
                    .or(() -> remote.present(ref.path(), ref.revision()))
                    .map(ModelLoader.this::placeOfAdapter)
                    .map(place -> new AdapterRef(place, Optional.empty(), weight, ""))
                    .orElse(ref);
        }

        @Override
        public Checkpoint withAdapter(Checkpoint base, ModelRef model) throws IOException {
            return LoraCheckpoint.over(base, model.path(), adaptersOf(model));
        }

        private List<WeightedAdapter> adaptersOf(ModelRef model) throws IOException {
            List<WeightedAdapter> opened = new ArrayList<>();
            try {
                for (AdapterRef ref : model.adapters()) {
                    opened.add(adapterOf(ref, model));
                }
                return opened;
            } catch (IOException | RuntimeException | Error e) {
                closeAll(opened, e);
                throw e;
            }
        }

        /** A path that exists as it stands is one, whatever it ends with. */
        private WeightedAdapter adapterOf(AdapterRef ref, ModelRef model) throws IOException {
            String literal = ref.literalPath();
            boolean whole =
                    !ref.suffix().isEmpty() && searched.stream().anyMatch(f -> exists(f, literal));
            String written = whole ? literal : ref.path();
            return new WeightedAdapter(
                    adapter(find("adapter", written, ref.revision(), model, searched), written),
                    whole ? 1 : ref.weight());
        }
    }

    private String placeOfModel(Path path) {
        return RealPlace.of(
                path,
                folder -> {
                    Optional<CheckpointFormat> format = formatOf(folder);
                    if (format.isEmpty()) {
                        return List.of();
                    }
                    try (Checkpoint model = format.get().open(folder, folder.toString())) {
                        return model.folders().home().isEmpty() ? model.weightFiles() : List.of();
                    }
                });
    }

    private String placeOfAdapter(Path path) {
        return RealPlace.of(
                path,
                folder -> {
                    Optional<AdapterFormat> format = adapterFormatOf(folder);
                    if (format.isEmpty()) {
                        return List.of();
                    }
                    try (Adapter adapter = format.get().open(folder, folder.toString())) {
                        return adapter.files();
                    }
                });
    }

    /** Where a path exists: in the first folder that has it. */
    private static Optional<Path> existing(String written, List<Path> searched) {
        return searched.stream()
                .filter(folder -> exists(folder, written))
                .map(folder -> resolve(folder, written))
                .findFirst();
    }

    private static void closeAll(List<WeightedAdapter> adapters, Throwable reason) {
        for (WeightedAdapter weighted : adapters) {
            try {
                weighted.adapter().close();
            } catch (IOException e) {
                reason.addSuppressed(e);
            }
        }
    }

    /** False for what is no path at all, as on Windows one with a colon inside. */
    private static boolean exists(Path folder, String path) {
        try {
            return Files.exists(folder.resolve(WrittenPath.expanded(path)).normalize());
        } catch (InvalidPathException e) {
            return false;
        }
    }

    private Path find(
            String kind,
            String written,
            Optional<String> revision,
            ModelRef model,
            List<Path> searched)
            throws IOException {
        for (Path folder : searched) {
            Path path = resolve(folder, written);
            if (Files.exists(path)) {
                return path;
            }
        }
        if (remote.takes(written)) {
            return fetched(kind, written, revision, model, searched);
        }
        List<String> tried =
                searched.stream().map(f -> "'" + resolve(f, written) + "'").distinct().toList();
        String name = model.lora().isEmpty() ? model.toString() : written;
        if (revision.isPresent()) {
            throw new BadInputException(revisionOfNothing(written, revision.get(), model));
        }
        boolean literal =
                model.lora().isPresent()
                        && searched.stream()
                                .anyMatch(f -> Files.exists(resolve(f, model.toString())));
        throw new BadInputException(
                Problem.expected(
                                kind + " '" + name + "'",
                                "an existing path",
                                "nothing at " + String.join(" or ", tried))
                        .at(model.location())
                        .hint(
                                literal
                                        ? model.literalForm()
                                        : WrittenPath.didYouMean(
                                                searched.stream()
                                                        .map(f -> resolve(f, written))
                                                        .toList(),
                                                LOCAL)));
    }

    private Path fetched(
            String kind,
            String name,
            Optional<String> revision,
            ModelRef model,
            List<Path> searched)
            throws IOException {
        List<Path> tried = searched.stream().map(f -> resolve(f, name)).toList();
        try {
            return new PathOrName(remote, kind).fetch(name, revision, tried);
        } catch (BadInputException e) {
            BadInputException placed =
                    new BadInputException(
                            e.problems().stream().map(p -> p.at(model.location())).toList(),
                            e.warnings());
            placed.initCause(e);
            throw placed;
        }
    }

    private static Problem revisionOfNothing(String path, String revision, ModelRef model) {
        return Problem.of(
                        "revision '%s' of '%s' cannot be fetched: models are read from local paths only"
                                .formatted(revision, path))
                .at(model.location())
                .hint("download that revision and give its path; " + model.literalForm());
    }

    private static Path resolve(Path folder, String path) {
        try {
            return folder.resolve(WrittenPath.expanded(path)).normalize();
        } catch (InvalidPathException e) {
            throw new BadInputException(
                    Problem.expected("model path", "a path of this system", "'" + path + "'"), e);
        }
    }
}
