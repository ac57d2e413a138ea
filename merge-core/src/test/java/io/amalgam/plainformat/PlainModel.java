package io.amalgam.plainformat;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.amalgam.checkpoint.Checkpoint;
import io.amalgam.checkpoint.StoredTensor;
import io.amalgam.plan.ModelSource;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * A model directory of the tests' own format: {@link PlainFile}s, {@code config.json} and tokenizer
 * files.
 */
public final class PlainModel implements Checkpoint {
    private final Path path;
    private final Optional<ObjectNode> config;
    private final List<PlainFile> files;
    private final List<Path> sideFiles;

    private PlainModel(
            Path path, Optional<ObjectNode> config, List<PlainFile> files, List<Path> sideFiles) {
        this.path = path;
        this.config = config;
        this.files = files;
        this.sideFiles = sideFiles;
    }

    /** A directory, or one weights file. */
    public static Checkpoint open(Path path, String name) throws IOException {
        return Files.isDirectory(path) ? directory(path, name) : PlainFile.open(path, name);
    }

    public static Checkpoint open(Path path) throws IOException {
        return open(path, path.getFileName().toString());
    }

    /** Models by their paths below a folder. */
    public static ModelSource below(Path root) {
        return ref -> open(root.resolve(ref.path()), ref.path());
    }

    private static PlainModel directory(Path path, String name) throws IOException {
        List<PlainFile> files = new ArrayList<>();
        for (Path file : weights(path)) {
            if (!file.toString().endsWith(PlainOutput.INDEX)) {
                files.add(PlainFile.open(path.resolve(file), name));
            }
        }
        Path config = path.resolve("config.json");
        return new PlainModel(
                path,
                Files.exists(config)
                        ? Optional.of((ObjectNode) new ObjectMapper().readTree(config.toFile()))
                        : Optional.empty(),
                files,
                tokenizer(path));
    }

    static List<Path> weights(Path directory) throws IOException {
        return named(directory, "model(-\\d+-of-\\d+)?\\.plain(\\.index)?");
    }

    /** Tokenizer files, and the configurations of modules. */
    static List<Path> tokenizer(Path directory) throws IOException {
        return named(directory, "tokenizer\\.json|vocab\\.json|\\d_.*/config\\.json");
    }

    private static List<Path> named(Path directory, String pattern) throws IOException {
        try (Stream<Path> all = Files.walk(directory, 2)) {
            return all.filter(Files::isRegularFile)
                    .map(directory::relativize)
                    .filter(path -> path.toString().replace('\\', '/').matches(pattern))
                    .sorted()
                    .toList();
        }
    }

    @Override
    public Path path() {
        return path;
    }

    @Override
    public Map<String, StoredTensor> tensors() {
        Map<String, StoredTensor> tensors = new LinkedHashMap<>();
        files.forEach(file -> tensors.putAll(file.tensors()));
        return tensors;
    }

    @Override
    public Optional<ObjectNode> config() {
        return config.map(ObjectNode::deepCopy);
    }

    @Override
    public List<Path> weightFiles() {
        return files.stream().map(PlainFile::path).toList();
    }

    @Override
    public List<Path> sideFiles() {
        return sideFiles;
    }

    @Override
    public void close() throws IOException {
        for (PlainFile file : files) {
            file.close();
        }
    }
}
