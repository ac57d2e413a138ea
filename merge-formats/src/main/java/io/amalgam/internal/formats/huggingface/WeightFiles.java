package io.amalgam.internal.formats.huggingface;

import io.amalgam.checkpoint.Checkpoint;
import io.amalgam.checkpoint.ModuleFolders;
import io.amalgam.checkpoint.TensorSource;
import io.amalgam.error.BadInputException;
import io.amalgam.error.Problem;
import io.amalgam.formats.safetensors.SafetensorsFile;
import io.amalgam.internal.checkpoint.RenamedTensor;
import io.amalgam.internal.formats.files.WeightName;
import io.amalgam.internal.formats.pytorch.PyTorchFile;
import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * The open weights of one folder: a file, or shards with an index. Every tensor present counts,
 * whether the index mentions it or not.
 */
final class WeightFiles implements Closeable {
    private static final int LISTED = 5;

    private final Path folder;
    private WeightName called = WeightName.ofBase(ModuleFolders.MODEL);
    private final Map<String, Checkpoint> files = new LinkedHashMap<>();
    private final Map<String, TensorSource> tensors = new LinkedHashMap<>();
    private final Map<String, String> metadata = new LinkedHashMap<>();

    /** None yet. */
    WeightFiles(Path folder) {
        this.folder = folder;
    }

    /** Whether a folder has any. */
    static boolean areIn(Path folder) throws IOException {
        return !WeightName.in(folder).isEmpty();
    }

    /**
     * Opens them; what is wrong goes to the problems.
     *
     * @param name what the user calls the model
     */
    void open(String name, List<Problem> problems) throws IOException {
        List<WeightName> found = WeightName.in(folder);
        if (found.size() != 1) {
            problems.add(found.isEmpty() ? NoWeights.in(folder) : NoWeights.several(folder, found));
            return;
        }
        called = found.get(0);
        List<Path> files = new ArrayList<>();
        called.indices().forEach(index -> files.add(folder.resolve(index)));
        files.add(folder.resolve(called.file()));
        for (Path file : files) {
            if (NoWeights.isLinkToNothing(file)) {
                problems.add(NoWeights.linkToNothing(file));
                return;
            }
        }
        for (Path file : files) {
            if (Files.exists(file)) {
                if (file.toString().endsWith(".json")) {
                    openShards(file, name, problems);
                } else {
                    openFile(called.file(), name, problems);
                }
                return;
            }
        }
    }

    /** What the files of an output that takes their place are called: see {@link ModuleFolders}. */
    String base() {
        return called.written().base();
    }

    Map<String, TensorSource> tensors() {
        return Collections.unmodifiableMap(tensors);
    }

    /** The tensors as a module's: by its folder and their names there. */
    Map<String, TensorSource> tensorsOf(String module) {
        Map<String, TensorSource> named = new LinkedHashMap<>();
        tensors.forEach(
                (name, tensor) ->
                        named.put(
                                module + "." + name,
                                new RenamedTensor(tensor, module + "." + name)));
        return named;
    }

    Map<String, String> metadata() {
        return Collections.unmodifiableMap(metadata);
    }

    List<Path> paths() {
        return files.values().stream().map(Checkpoint::path).toList();
    }

    /** See {@link Checkpoint#bytesPerReader}: a reader has the same buffers for all files. */
    long bytesPerReader(int elements) {
        return files.values().stream()
                .mapToLong(file -> file.bytesPerReader(elements))
                .max()
                .orElse(0);
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
            if (!Files.exists(folder.resolve(file))) {
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
            Path weights = folder.resolve(file);
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
                            .at("'" + folder.resolve(file) + "'")
                            .hint("shards of different models are mixed: download them again"));
        }
        files.put(file, opened);
        opened.tensors().forEach(tensors::putIfAbsent);
        opened.metadata().forEach(metadata::putIfAbsent);
    }

    private static String listed(Collection<String> names) {
        String shown = String.join("', '", names.stream().limit(LISTED).toList());
        return "'"
                + shown
                + "'"
                + (names.size() > LISTED ? " and " + (names.size() - LISTED) + " more" : "");
    }

    @Override
    public void close() throws IOException {
        closeAll(files.values());
    }

    /** Closes each, whatever the others do; fails as the first that failed. */
    static void closeAll(Collection<? extends Closeable> opened) throws IOException {
        IOException failure = null;
        for (Closeable one : opened) {
            try {
                one.close();
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
