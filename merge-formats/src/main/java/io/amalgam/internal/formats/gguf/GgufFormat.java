package io.amalgam.internal.formats.gguf;

import io.amalgam.checkpoint.Checkpoint;
import io.amalgam.checkpoint.CheckpointFormat;
import io.amalgam.error.BadInputException;
import io.amalgam.error.Problem;
import io.amalgam.internal.formats.files.WeightName;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;

/**
 * GGUF models, read as the Hugging Face models they were made from: a file, the first of several
 * parts, or a folder with one model.
 */
public final class GgufFormat implements CheckpointFormat {
    private static final byte[] MAGIC = {'G', 'G', 'U', 'F'};

    @Override
    public String name() {
        return "gguf";
    }

    @Override
    public Match match(Path path) {
        try {
            if (Files.isDirectory(path)) {
                boolean only = !models(path).isEmpty() && WeightName.in(path).isEmpty();
                return only ? Match.BY_NAME : Match.NONE;
            }
            if (!Files.isRegularFile(path)) {
                return Match.NONE;
            }
            try (InputStream bytes = Files.newInputStream(path)) {
                if (Arrays.equals(bytes.readNBytes(MAGIC.length), MAGIC)) {
                    return Match.BY_CONTENT;
                }
            }
        } catch (IOException e) {
            // Whichever format opens it says what is wrong.
        }
        return path.toString().endsWith(PartName.ENDING) ? Match.BY_NAME : Match.NONE;
    }

    @Override
    public Checkpoint open(Path path, String name) throws IOException {
        if (!Files.isDirectory(path)) {
            return GgufCheckpoint.open(path, path, name);
        }
        List<Path> models = models(path);
        if (models.size() != 1) {
            List<String> names =
                    models.stream().map(model -> String.valueOf(model.getFileName())).toList();
            throw new BadInputException(
                    Problem.expected(
                                    "folder of model '" + name + "'",
                                    "one GGUF model",
                                    String.join(", ", names))
                            .at("'" + path + "'")
                            .hint("give the path of one of them"));
        }
        return GgufCheckpoint.open(path, models.get(0), name);
    }

    /** The files in a folder, of models in parts the first one there. */
    private static List<Path> models(Path folder) throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return PartName.models(files.toList()).stream().map(PartName::path).toList();
        }
    }
}
