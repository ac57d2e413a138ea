package io.amalgam.internal.lora.taskvector;

import io.amalgam.checkpoint.Checkpoint;
import io.amalgam.checkpoint.OutputFormat;
import io.amalgam.checkpoint.OutputFormat.OutputModel;
import io.amalgam.checkpoint.OutputLayout;
import io.amalgam.checkpoint.TensorSource;
import io.amalgam.error.BadInputException;
import io.amalgam.error.Problem;
import io.amalgam.internal.engine.OrderedParallel;
import io.amalgam.internal.io.AtomicFile;
import io.amalgam.internal.lora.ModuleTree;
import io.amalgam.internal.lora.extract.ExtractOptions;
import io.amalgam.internal.lora.extract.Twins;
import io.amalgam.tensor.DType;
import io.amalgam.tensor.Shape;
import io.amalgam.tensor.TensorInfo;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * Takes what fine-tuning changed out of a model as a sparse task vector: the changes of largest
 * magnitude of every tensor, in the file that {@link TaskVectorFile} describes. Blocks are held,
 * never a tensor; the models are read two or three times.
 */
public final class SparseExtraction {
    private static final int BUFFER = 1 << 16;

    private final AtomicFile file;
    private final OutputLayout layout;

    private SparseExtraction(AtomicFile file, OutputLayout layout) {
        this.file = file;
        this.layout = layout;
    }

    /**
     * What became of a tensor.
     *
     * @param energy the share of the change's squared norm that is kept
     */
    public record Report(TensorInfo tensor, long kept, double energy) {}

    /**
     * What was written.
     *
     * @param skipped tensors that the patterns leave out
     * @param unchanged tensors that are the base's
     */
    public record Result(List<Report> tensors, List<String> skipped, int unchanged) {}

    /**
     * Writes a file, by another name until it is whole; both models stay open.
     *
     * @param options whose patterns choose modules
     * @param share of each tensor's elements that is kept, above 0 and at most 1; 1 keeps all that
     *     changed, as they are
     * @param format of the file
     * @param threads tensors worked on at a time; changes nothing in the result
     * @throws BadInputException if the models do not have the same tensors in the same shapes, or
     *     nothing differs
     */
    public static Result write(
            Checkpoint tuned,
            Checkpoint base,
            Path file,
            ExtractOptions options,
            double share,
            OutputFormat format,
            int threads)
            throws IOException {
        Twins models = Twins.of(base, tuned);
        if (models.untied().isPresent()) {
            String head = models.untied().get().info().name();
            throw new BadInputException(
                    Problem.expected(
                                    "tensors of both models",
                                    "the same names",
                                    "a head '" + head + "' that the base ties to its embedding")
                            .hint("extract factors, with ExtractOptions.rank or energy"));
        }
        List<TensorSource> wanted = new ArrayList<>();
        List<String> skipped = new ArrayList<>();
        List<LargestChanges> changes = new ArrayList<>();
        for (TensorSource tensor : models.base().values()) {
            if (tensor.info().dtype().arithmetic()) {
                wanted.add(tensor);
            }
        }
        OrderedParallel.<TensorSource, LargestChanges>run(
                wanted,
                threads,
                tensor -> LargestChanges.of(tensor, twin(models, tensor), share),
                found -> {
                    String name = found.base().info().name();
                    if (found.changed() > 0 && !options.wants(ModuleTree.module(name))) {
                        skipped.add(name);
                    } else if (found.changed() > 0) {
                        changes.add(found);
                    }
                });
        if (changes.isEmpty()) {
            throw new BadInputException(
                    Problem.of("no tensor differs between the models")
                            .hint(
                                    "check which models are compared, and ExtractOptions.include and exclude"));
        }
        List<Report> reports = write(changes, file, format, threads);
        int unchanged = models.base().size() - skipped.size() - changes.size();
        return new Result(reports, List.copyOf(skipped), unchanged);
    }

    private static TensorSource twin(Twins models, TensorSource tensor) {
        return Objects.requireNonNull(models.tuned().get(tensor.info().name()));
    }

    private static List<Report> write(
            List<LargestChanges> changes, Path file, OutputFormat format, int threads)
            throws IOException {
        Map<String, String> metadata =
                Map.of("format", "pt", TaskVectorFile.KEY, TaskVectorFile.SPARSE);
        OutputLayout layout =
                format.layout(
                        OutputModel.of(infos(changes)),
                        new OutputFormat.LayoutOptions(0, metadata));
        try (AtomicFile part = AtomicFile.create(file)) {
            List<Report> reports = new ArrayList<>();
            part.write(ByteBuffer.wrap(layout.files().get(0).header()), 0);
            SparseExtraction writer = new SparseExtraction(part, layout);
            List<Integer> numbers = new ArrayList<>();
            for (int i = 0; i < changes.size(); i++) {
                numbers.add(i);
            }
            OrderedParallel.<Integer, Report>run(
                    numbers, threads, i -> writer.tensor(i, changes.get(i)), reports::add);
            part.commit();
            return reports;
        }
    }

    private static List<TensorInfo> infos(List<LargestChanges> changes) {
        List<TensorInfo> infos = new ArrayList<>();
        for (LargestChanges change : changes) {
            TensorInfo tensor = change.base().info();
            String name = tensor.name();
            Shape list = Shape.of(change.kept());
            Shape dims = Shape.of(tensor.shape().rank());
            infos.add(new TensorInfo(name + TaskVectorFile.INDICES, indexType(tensor), list));
            infos.add(new TensorInfo(name + TaskVectorFile.VALUES, DType.F32, list));
            infos.add(new TensorInfo(name + TaskVectorFile.SHAPE, DType.I64, dims));
        }
        return infos;
    }

    private static DType indexType(TensorInfo tensor) {
        return tensor.elements() <= Integer.MAX_VALUE ? DType.I32 : DType.I64;
    }

    /** Bytes that go to one place after another. */
    private final class Run {
        private final ByteBuffer bytes =
                ByteBuffer.allocateDirect(BUFFER).order(ByteOrder.LITTLE_ENDIAN);
        private long at;

        Run(int placement) {
            at = layout.placements().get(placement).offset();
        }

        /** Room for one more number. */
        ByteBuffer next() throws IOException {
            if (bytes.remaining() < Long.BYTES) {
                flush();
            }
            return bytes;
        }

        void flush() throws IOException {
            at = file.write(bytes.flip(), at);
            bytes.clear();
        }
    }

    private Report tensor(int number, LargestChanges change) throws IOException {
        TensorInfo tensor = change.base().info();
        Run indices = new Run(3 * number);
        Run values = new Run(3 * number + 1);
        Run shape = new Run(3 * number + 2);
        boolean narrow = indexType(tensor) == DType.I32;
        double[] squares = {0};
        change.each(
                (index, value) -> {
                    if (narrow) {
                        indices.next().putInt((int) index);
                    } else {
                        indices.next().putLong(index);
                    }
                    values.next().putFloat(value);
                    squares[0] += (double) value * value;
                });
        for (long size : tensor.shape().dims()) {
            shape.next().putLong(size);
        }
        indices.flush();
        values.flush();
        shape.flush();
        return new Report(tensor, change.kept(), squares[0] / change.squares());
    }
}
