package io.amalgam.internal.formats.gguf;

import static io.amalgam.internal.formats.files.FileText.quote;

import io.amalgam.error.BadInputException;
import io.amalgam.error.Problem;
import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;

/**
 * The open files of a model: one, or parts named {@code NAME-00001-of-00003.gguf}, of which the
 * first has the keys. Each part has offsets and an alignment of its own.
 */
final class GgufParts implements Closeable {
    private static final String NUMBER = "split.no";
    private static final String COUNT = "split.count";
    private static final String TENSORS = "split.tensors.count";

    private final List<GgufFile> files = new ArrayList<>();
    private final Map<String, GgufFile.Tensor> tensors = new LinkedHashMap<>();

    private GgufParts() {}

    /**
     * @param path the file, or the first part
     */
    static GgufParts open(Path path) throws IOException {
        GgufParts parts = new GgufParts();
        try {
            parts.openAll(path);
            return parts;
        } catch (IOException | RuntimeException | Error e) {
            try (parts) {
                throw e;
            }
        }
    }

    private void openAll(Path path) throws IOException {
        GgufFile first = add(path);
        PartName named = PartName.of(path);
        long count = first.metadata().whole(COUNT).orElse(1);
        if (count == 1 && named.count() == 1) {
            return;
        }
        require(first, COUNT, named.count());
        if (named.number() != 1 && !Files.exists(named.part(1))) {
            throw missing(named, 1);
        }
        if (named.number() != 1) {
            throw new BadInputException(
                    Problem.expected("part of a model", "the first of " + count, named.number())
                            .at("'" + path + "'")
                            .hint("give '" + named.part(1) + "', or the folder"));
        }
        require(first, NUMBER, 0);
        for (int number = 2; number <= named.count(); number++) {
            Path file = named.part(number);
            if (!Files.exists(file)) {
                throw missing(named, number);
            }
            GgufFile part = add(file);
            require(part, COUNT, named.count());
            require(part, NUMBER, number - 1L);
        }
        for (GgufFile part : files) {
            require(part, TENSORS, tensors.size());
        }
    }

    private static BadInputException missing(PartName named, int number) {
        return new BadInputException(
                Problem.of(
                                "part %d of %d is missing: '%s'"
                                        .formatted(number, named.count(), named.part(number)))
                        .hint("the download is incomplete: get the missing file"));
    }

    private GgufFile add(Path path) throws IOException {
        GgufFile file = GgufFile.openWithoutVocabulary(path);
        files.add(file);
        for (GgufFile.Tensor tensor : file.tensors().values()) {
            if (tensors.putIfAbsent(tensor.name(), tensor) != null) {
                throw new BadInputException(
                        Problem.expected(
                                        "tensor " + quote(tensor.name()),
                                        "in one part",
                                        "in two of them")
                                .at("'" + path + "'")
                                .hint("parts of different models are mixed: get them again"));
            }
        }
        return file;
    }

    private static void require(GgufFile file, String key, long value) {
        OptionalLong found = file.metadata().whole(key);
        if (found.isEmpty() || found.getAsLong() != value) {
            throw new BadInputException(
                    Problem.expected(
                                    "key '" + key + "'",
                                    value,
                                    found.isPresent() ? found.getAsLong() : "none")
                            .at("'" + file.path() + "'")
                            .hint(
                                    "parts are named NAME-00001-of-00003.gguf, and all of one model are in one folder"));
        }
    }

    /** The keys of the model, without its vocabulary. */
    GgufMetadata metadata() {
        return files.get(0).metadata();
    }

    /** All tensors by name, in the order of the files. */
    Map<String, GgufFile.Tensor> tensors() {
        return tensors;
    }

    List<Path> paths() {
        return files.stream().map(GgufFile::path).toList();
    }

    /** Closes each, whatever the others do; fails as the first that failed. */
    @Override
    public void close() throws IOException {
        IOException failure = null;
        for (GgufFile file : files) {
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
