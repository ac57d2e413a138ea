package io.amalgam.internal.formats.huggingface;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.amalgam.checkpoint.Checkpoint;
import io.amalgam.checkpoint.Checkpoint.ModelScripts;
import io.amalgam.checkpoint.ModuleFolders;
import io.amalgam.checkpoint.TensorSource;
import io.amalgam.error.BadInputException;
import io.amalgam.error.Problem;
import io.amalgam.internal.formats.quantised.QuantisationSettings;
import io.amalgam.internal.formats.quantised.QuantisedModel;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** An open model directory, with the folders of its modules. */
final class HuggingFaceCheckpoint implements Checkpoint {
    private final Path path;
    private final List<WeightFiles> weights = new ArrayList<>();
    private final Map<String, TensorSource> tensors = new LinkedHashMap<>();
    private ModuleFolders folders = ModuleFolders.NONE;
    private @Nullable ObjectNode config;
    private List<Path> sideFiles = List.of();
    private ModelScripts scripts = ModelScripts.NONE;
    private @Nullable QuantisedModel quantised;

    private HuggingFaceCheckpoint(Path path) {
        this.path = path;
    }

    static HuggingFaceCheckpoint open(Path path, String name) throws IOException {
        HuggingFaceCheckpoint checkpoint = new HuggingFaceCheckpoint(path);
        try {
            List<Problem> problems = new ArrayList<>();
            checkpoint.folders = ModuleList.of(path, problems);
            checkpoint.openWeights(name, problems);
            checkpoint.openConfig(problems);
            if (problems.isEmpty()) {
                checkpoint.dequantise(name, problems);
            }
            if (!problems.isEmpty()) {
                throw new BadInputException(problems);
            }
            checkpoint.openSideFiles();
            return checkpoint;
        } catch (IOException | RuntimeException | Error e) {
            try (checkpoint) {
                throw e;
            }
        }
    }

    private void openWeights(String name, List<Problem> problems) throws IOException {
        WeightFiles proper = openIn(mainFolder(), name, problems);
        tensors.putAll(proper.tensors());
        folders = folders.named(proper.base());
        for (String folder : folders.withWeights()) {
            WeightFiles module = openIn(path.resolve(folder), name, problems);
            module.tensorsOf(folder).forEach(tensors::putIfAbsent);
        }
    }

    private WeightFiles openIn(Path folder, String name, List<Problem> problems)
            throws IOException {
        WeightFiles opened = new WeightFiles(folder);
        weights.add(opened);
        opened.open(name, problems);
        return opened;
    }

    private void openConfig(List<Problem> problems) throws IOException {
        Path file = mainFolder().resolve("config.json");
        if (NoWeights.isLinkToNothing(file)) {
            problems.add(NoWeights.linkToNothing(file));
        }
        if (Files.exists(file)) {
            try {
                config = JsonFiles.readObject(file);
            } catch (BadInputException e) {
                problems.addAll(e.problems());
            }
        }
    }

    private void dequantise(String name, List<Problem> problems) throws IOException {
        Optional<QuantisationSettings> settings =
                QuantisationFile.settings(mainFolder(), Optional.ofNullable(config));
        try {
            QuantisedModel model =
                    QuantisedModel.of(
                            tensors, settings, Optional.ofNullable(config), name, problems);
            if (model.tensors() != tensors) {
                tensors.clear();
                tensors.putAll(model.tensors());
            }
            quantised = model;
            if (config != null && model.quantisation().map(Quantisation::readable).orElse(true)) {
                QuantisationFile.removeFrom(config);
            }
        } catch (UncheckedIOException e) {
            throw e.getCause();
        }
    }

    private void openSideFiles() throws IOException {
        ModelCode code = ModelCode.in(path, folders.mainFolder());
        sideFiles = SideFiles.in(path, folders, code);
        Path home = Path.of(folders.mainFolder());
        scripts =
                new ModelScripts(
                        code.tokenizer().stream().map(home::resolve).toList(),
                        code.missing(),
                        code.missingOfTokenizer());
    }

    @Override
    public Path path() {
        return path;
    }

    @Override
    public ModuleFolders folders() {
        return folders;
    }

    @Override
    public Map<String, TensorSource> tensors() {
        return Collections.unmodifiableMap(tensors);
    }

    /** That of the model proper's files. */
    @Override
    public Map<String, String> metadata() {
        return weights.get(0).metadata();
    }

    @Override
    public Optional<ObjectNode> config() {
        return Optional.ofNullable(config).map(ObjectNode::deepCopy);
    }

    @Override
    public List<Path> weightFiles() {
        return weights.stream().flatMap(files -> files.paths().stream()).toList();
    }

    @Override
    public List<Path> sideFiles() {
        return sideFiles;
    }

    @Override
    public ModelScripts scripts() {
        return scripts;
    }

    @Override
    public Optional<Quantisation> quantisation() {
        return quantised == null ? Optional.empty() : quantised.quantisation();
    }

    @Override
    public List<Problem> warnings() {
        return quantised == null ? List.of() : quantised.warnings();
    }

    @Override
    public long sharedBytes() {
        return quantised == null ? 0 : quantised.sharedBytes();
    }

    /** Codes, scales and a tile of quantised tensors. */
    @Override
    public long bytesPerReader(int elements) {
        long stored =
                weights.stream().mapToLong(files -> files.bytesPerReader(elements)).max().orElse(0);
        return stored + (quantised == null ? 0 : quantised.bytesPerReader(elements));
    }

    @Override
    public void close() throws IOException {
        WeightFiles.closeAll(weights);
    }
}
