package io.amalgam;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.amalgam.checkpoint.ConfigChanges;
import io.amalgam.checkpoint.ModuleFolders;
import io.amalgam.checkpoint.OutputFormat;
import io.amalgam.checkpoint.OutputFormat.OutputModel;
import io.amalgam.checkpoint.OutputLayout;
import io.amalgam.error.BadInputException;
import io.amalgam.error.Problem;
import io.amalgam.internal.io.AtomicFile;
import io.amalgam.plan.PlanOptions;
import io.amalgam.tensor.TensorInfo;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Writes arrays as a checkpoint. Files have temporary names until all are complete; the one that
 * completes the model is renamed last.
 */
final class CheckpointWriter {
    private final List<AtomicFile> files = new ArrayList<>();

    private CheckpointWriter() {}

    /** Weights of one file, which must not be there. */
    static void file(Map<String, INDArray> tensors, Path file, Map<String, String> metadata)
            throws IOException {
        if (Files.exists(file)) {
            throw new BadInputException(
                    Problem.expected("output '" + file + "'", "nothing there", "a file")
                            .hint("choose another name, or delete it first"));
        }
        Map<String, String> all = new LinkedHashMap<>(metadata);
        all.put("format", "pt");
        OutputLayout layout =
                layout("safetensors", tensors, new OutputFormat.LayoutOptions(0, all));
        new CheckpointWriter().write(tensors, layout, name -> file, List.of());
    }

    /** Writes a model directory, new or empty, with copies of a donor's files. */
    static void directory(Map<String, INDArray> tensors, Path directory, Optional<OpenModel> donor)
            throws IOException {
        Files.createDirectories(directory);
        try (DirectoryStream<Path> entries = Files.newDirectoryStream(directory)) {
            for (Path entry : entries) {
                throw new BadInputException(
                        Problem.expected(
                                        "output directory '" + directory + "'",
                                        "an empty or new directory",
                                        "one with '" + entry.getFileName() + "'")
                                .hint("choose another, or empty it first"));
            }
        }
        OutputFormat format = ModelLoader.load().output("huggingface");
        List<OutputLayout.SmallFile> lent = new ArrayList<>();
        ModuleFolders folders = donor.map(d -> d.checkpoint().folders()).orElse(ModuleFolders.NONE);
        if (donor.isPresent()) {
            for (Path side : donor.get().checkpoint().sideFiles()) {
                Path from = donor.get().checkpoint().locate(side);
                lent.add(new OutputLayout.SmallFile(side.toString(), Files.readAllBytes(from)));
            }
            Optional<ObjectNode> config = donor.get().checkpoint().config();
            config.map(c -> format.modelFiles(c, ConfigChanges.NONE)).stream()
                    .flatMap(List::stream)
                    .map(
                            f ->
                                    new OutputLayout.SmallFile(
                                            folders.inMainFolder(f.name()), f.content()))
                    .forEach(lent::add);
        }
        OutputLayout layout =
                layout(
                        "huggingface",
                        tensors,
                        new OutputFormat.LayoutOptions(
                                PlanOptions.DEFAULT_SHARD_BYTES, Map.of("format", "pt"), folders));
        new CheckpointWriter().write(tensors, layout, directory::resolve, lent);
    }

    private static OutputLayout layout(
            String format, Map<String, INDArray> tensors, OutputFormat.LayoutOptions options) {
        return ModelLoader.load().output(format).layout(OutputModel.of(infos(tensors)), options);
    }

    private static List<TensorInfo> infos(Map<String, INDArray> tensors) {
        List<TensorInfo> infos = new ArrayList<>();
        tensors.forEach((name, array) -> infos.add(ArrayTypes.info(name, array)));
        return infos;
    }

    private interface Places {
        Path of(String name);
    }

    private void write(
            Map<String, INDArray> tensors,
            OutputLayout layout,
            Places places,
            List<OutputLayout.SmallFile> lent)
            throws IOException {
        try {
            for (OutputLayout.SmallFile small : lent) {
                small(places.of(small.name()), small.content());
            }
            for (int i = 0; i < layout.files().size(); i++) {
                data(i, layout, tensors, places.of(layout.files().get(i).name()));
            }
            for (OutputLayout.SmallFile small : layout.last()) {
                small(places.of(small.name()), small.content());
            }
            for (AtomicFile file : files) {
                file.commit();
            }
        } finally {
            for (AtomicFile file : files) {
                file.close();
            }
        }
    }

    private AtomicFile open(Path file) throws IOException {
        AtomicFile opened = AtomicFile.create(file);
        files.add(opened);
        return opened;
    }

    private void small(Path file, byte[] content) throws IOException {
        AtomicFile small = open(file);
        small.write(ByteBuffer.wrap(content), 0);
        small.complete();
    }

    private void data(int number, OutputLayout layout, Map<String, INDArray> tensors, Path file)
            throws IOException {
        AtomicFile data = open(file);
        data.write(ByteBuffer.wrap(layout.files().get(number).header()), 0);
        int index = 0;
        for (Map.Entry<String, INDArray> tensor : tensors.entrySet()) {
            OutputLayout.Placement place = layout.placements().get(index++);
            TensorInfo info = ArrayTypes.info(tensor.getKey(), tensor.getValue());
            if (place.file() == number && info.elements() > 0) {
                ArrayBytes.each(
                        tensor.getValue().dup('c'),
                        info.bytes(),
                        (at, piece) -> data.write(piece, place.offset() + at));
            }
        }
        data.complete();
    }
}
