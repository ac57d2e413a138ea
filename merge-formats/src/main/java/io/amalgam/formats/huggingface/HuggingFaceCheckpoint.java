package io.amalgam.formats.huggingface;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.amalgam.checkpoint.Checkpoint;
import io.amalgam.checkpoint.TensorSource;
import io.amalgam.error.BadInputException;
import io.amalgam.error.Problem;
import io.amalgam.formats.pytorch.PyTorchFile;
import io.amalgam.formats.safetensors.SafetensorsFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** An open model directory. Every tensor present counts, whether the index mentions it or not. */
final class HuggingFaceCheckpoint implements Checkpoint {
    private static final String SINGLE = "model.safetensors";
    private static final String PYTORCH = "pytorch_model.bin";
    private static final int LISTED = 5;

    private final Path path;
    private final Map<String, Checkpoint> files = new LinkedHashMap<>();
    private final Map<String, TensorSource> tensors = new LinkedHashMap<>();
    private final Map<String, String> metadata = new LinkedHashMap<>();
    private @Nullable ObjectNode config;
    private List<Path> sideFiles = List.of();

    private HuggingFaceCheckpoint(Path path) {
        this.path = path;
    }

    static HuggingFaceCheckpoint open(Path path, String name) throws IOException {
        HuggingFaceCheckpoint checkpoint = new HuggingFaceCheckpoint(path);
        try {
            List<Problem> problems = new ArrayList<>();
            checkpoint.openWeights(name, problems);
            checkpoint.openConfig(problems);
            if (!problems.isEmpty()) {
                throw new BadInputException(problems);
            }
            checkpoint.sideFiles = SideFiles.in(path);
            return checkpoint;
        } catch (IOException | RuntimeException | Error e) {
            try (checkpoint) {
                throw e;
            }
        }
    }

    private void openWeights(String name, List<Problem> problems) throws IOException {
        for (String single : List.of(SINGLE, PYTORCH)) {
            Path index = path.resolve(single + ShardIndex.SUFFIX);
            for (Path file : List.of(index, path.resolve(single))) {
                if (NoWeights.isLinkToNothing(file)) {
                    problems.add(NoWeights.linkToNothing(file));
                    return;
                }
            }
            if (Files.exists(index)) {
                openShards(index, name, problems);
                return;
            }
            if (Files.exists(path.resolve(single))) {
                openFile(single, name, problems);
                return;
            }
        }
        problems.add(NoWeights.in(path));
    }

    private void openShards(Path file, String name, List<Problem> problems) throws IOException {
        try {
            openShards(file, ShardIndex.read(file, problems), name, problems);
        } catch (BadInputException e) {
            problems.addAll(e.problems());
        }
    }

    private void openShards(Path indexFile, ShardIndex index, String name, List<Problem> problems)
            throws IOException {
        if (index.shards().isEmpty() && problems.isEmpty()) {
            problems.add(
                    Problem.of("the index names no shard")
                            .at("'" + indexFile + "'")
                            .hint(JsonFiles.DAMAGED));
        }
        for (var shard : index.shards().entrySet()) {
            String file = shard.getKey();
            if (!Files.exists(path.resolve(file))) {
                problems.add(
                        Problem.of("shard '" + file + "' is missing")
                                .at("'" + indexFile + "'")
                                .hint("the download is incomplete: get the missing file"));
                continue;
            }
            openFile(file, name, problems);
            Checkpoint opened = files.get(file);
            if (opened == null) {
                continue;
            }
            Set<String> tied = opened instanceof PyTorchFile pickled ? pickled.tied() : Set.of();
            List<String> missing =
                    shard.getValue().stream()
                            .filter(tensor -> !opened.tensors().containsKey(tensor))
                            .filter(tensor -> !tied.contains(tensor))
                            .toList();
            if (!missing.isEmpty()) {
                problems.add(
                        Problem.of(
                                        "shard '"
                                                + file
                                                + "' lacks tensors the index puts there: "
                                                + listed(missing))
                                .at("'" + indexFile + "'")
                                .hint(
                                        "index and shards are of different models: download both again"));
            }
        }
    }

    private void openFile(String file, String name, List<Problem> problems) throws IOException {
        Checkpoint opened;
        try {
            Path weights = path.resolve(file);
            opened =
                    file.endsWith(".bin")
                            ? PyTorchFile.open(weights, name)
                            : SafetensorsFile.open(weights, name);
        } catch (BadInputException e) {
            problems.addAll(e.problems());
            return;
        }
        List<String> twice =
                opened.tensors().keySet().stream().filter(tensors::containsKey).toList();
        if (!twice.isEmpty()) {
            problems.add(
                    Problem.of(
                                    "shard '"
                                            + file
                                            + "' holds tensors that an earlier shard holds too: "
                                            + listed(twice))
                            .at("'" + path.resolve(file) + "'")
                            .hint("shards of different models are mixed: download them again"));
        }
        files.put(file, opened);
        opened.tensors().forEach(tensors::putIfAbsent);
        opened.metadata().forEach(metadata::putIfAbsent);
    }

    private void openConfig(List<Problem> problems) throws IOException {
        Path file = path.resolve("config.json");
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

    private static String listed(Collection<String> names) {
        String shown = String.join("', '", names.stream().limit(LISTED).toList());
        return "'"
                + shown
                + "'"
                + (names.size() > LISTED ? " and " + (names.size() - LISTED) + " more" : "");
    }

    @Override
    public Path path() {
        return path;
    }

    @Override
    public Map<String, TensorSource> tensors() {
        return Collections.unmodifiableMap(tensors);
    }

    @Override
    public Map<String, String> metadata() {
        return Collections.unmodifiableMap(metadata);
    }

    @Override
    public Optional<ObjectNode> config() {
        return Optional.ofNullable(config).map(ObjectNode::deepCopy);
    }

    @Override
    public List<Path> weightFiles() {
        return files.values().stream().map(Checkpoint::path).toList();
    }

    @Override
    public List<Path> sideFiles() {
        return sideFiles;
    }

    @Override
    public void close() throws IOException {
        IOException failure = null;
        for (Checkpoint file : files.values()) {
            try {
                file.close();
            } catch (IOException e) {
                if (failure == null) {
                    failure = e;
                } else {
                    failure.addSuppressed(e);
                }
            }
        }
        if (failure != null) {
            throw failure;
        }
    }
}
