package io.amalgam.internal.engine;

import io.amalgam.checkpoint.OutputFormat;
import io.amalgam.error.BadInputException;
import io.amalgam.error.Problem;
import io.amalgam.tensor.DType;
import io.amalgam.tensor.TensorInfo;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The average of models that come one after another, each counting by its examples: {@code sum n_k
 * x_k / sum n_k}. The sums are float64, so the order of arrival matters to their last bits only,
 * and hardly ever to the average once it is rounded; of integers and booleans the largest is kept.
 *
 * <p>In memory the sums take 8 bytes a parameter, twice that while a client is added; in a file
 * nothing but a few blocks is held. A client is added whole or not at all: the file is written anew
 * beside the old one, which it then replaces. One process uses a file at a time.
 *
 * <p>Safe for use by several threads, which wait for each other.
 */
public final class RunningAverage {
    static final int BLOCK = 1 << 14;

    private final OutputFormat format;
    private final Optional<Path> file;
    private SumFile.Content content;
    private Map<String, Object> sums = new LinkedHashMap<>();

    private RunningAverage(OutputFormat format, Optional<Path> file, SumFile.Content content) {
        this.format = format;
        this.file = file;
        this.content = content;
    }

    /**
     * @param format of the files written by {@link #write}: one that keeps all tensors in one file
     */
    public static RunningAverage inMemory(OutputFormat format) {
        return new RunningAverage(format, Optional.empty(), SumFile.Content.NONE);
    }

    /**
     * Sums in memory of clients whose tensors are known before the first one comes.
     *
     * @param tensors of every client
     */
    public static RunningAverage expecting(OutputFormat format, List<TensorInfo> tensors) {
        return new RunningAverage(format, Optional.empty(), new SumFile.Content(tensors, 0, 0));
    }

    /** Sums in memory, with what was there. */
    static RunningAverage of(
            OutputFormat format, SumFile.Content content, Map<String, Object> sums) {
        RunningAverage average = new RunningAverage(format, Optional.empty(), content);
        average.sums = sums;
        return average;
    }

    SumFile.Content content() {
        return content;
    }

    Map<String, Object> sums() {
        return sums;
    }

    /**
     * Sums in a file: those of the file if it is there, else none yet.
     *
     * @throws BadInputException if the file holds something else
     */
    public static RunningAverage inFile(OutputFormat format, Path file) throws IOException {
        return new RunningAverage(format, Optional.of(file), SumFile.read(format, file));
    }

    /** How many clients were added. */
    public synchronized long clients() {
        return content.clients();
    }

    /** How many examples they have together. */
    public synchronized double examples() {
        return content.examples();
    }

    /** The tensors, in the first client's types and order; empty before it has come. */
    public synchronized List<TensorInfo> tensors() {
        return content.tensors();
    }

    /**
     * Adds a client.
     *
     * @param examples more than 0
     * @throws BadInputException if its tensors are not those of the first client in name and shape,
     *     have no sum or no maximum, or hold NaN or an infinity; nothing is added then
     * @throws IOException likewise
     */
    public synchronized void add(Map<String, ? extends ClientTensor> client, double examples)
            throws IOException {
        if (!(examples > 0) || Double.isInfinite(examples)) {
            throw new BadInputException(
                    Problem.expected("a client's examples", "a number above 0", examples));
        }
        SumFile.Content next = content.with(client, examples);
        if (file.isPresent()) {
            SumFile.add(format, file.get(), content, next, client, examples);
        } else {
            sums = added(next, client, examples);
        }
        content = next;
    }

    private Map<String, Object> added(
            SumFile.Content next, Map<String, ? extends ClientTensor> client, double examples)
            throws IOException {
        Map<String, Object> all = new LinkedHashMap<>();
        for (TensorInfo info : next.tensors()) {
            ClientTensor tensor = tensor(client, info.name());
            int n = Math.toIntExact(info.elements());
            Object old = sums.get(info.name());
            Sums block = new Sums(info);
            Object sum = info.dtype().arithmetic() ? new double[n] : new long[n];
            for (int from = 0; from < n; from += BLOCK) {
                int length = Math.min(BLOCK, n - from);
                block.load(old, from, length);
                block.add(tensor, from, length, examples);
                block.store(sum, from, length);
            }
            all.put(info.name(), sum);
        }
        return all;
    }

    static ClientTensor tensor(Map<String, ? extends ClientTensor> client, String name) {
        ClientTensor tensor = client.get(name);
        if (tensor == null) {
            throw new IllegalStateException("no tensor '" + name + "'");
        }
        return tensor;
    }

    /** Is given the average, tensor by tensor and block by block. */
    public interface Sink {
        /** Values of a floating tensor, rounded to float32. */
        void floats(TensorInfo tensor, long from, float[] values, int n) throws IOException;

        /** Values of a tensor of integers or booleans. */
        void integers(TensorInfo tensor, long from, long[] values, int n) throws IOException;
    }

    /**
     * Reads the average; more clients may be added after it.
     *
     * @throws BadInputException if there was no client
     */
    public synchronized void read(Sink sink) throws IOException {
        requireClients();
        float[] rounded = new float[BLOCK];
        try (SumFile.@Nullable Reader reader =
                file.isPresent() ? SumFile.reader(format, file.get()) : null) {
            for (TensorInfo info : content.tensors()) {
                Sums block = new Sums(info);
                for (long from = 0; from < info.elements(); from += BLOCK) {
                    int n = (int) Math.min(BLOCK, info.elements() - from);
                    if (reader != null) {
                        reader.load(block, info, from, n);
                    } else {
                        block.load(sums.get(info.name()), (int) from, n);
                    }
                    if (info.dtype().arithmetic()) {
                        block.average(content.examples(), rounded, n);
                        sink.floats(info, from, rounded, n);
                    } else {
                        sink.integers(info, from, block.integers(), n);
                    }
                }
            }
        }
    }

    /**
     * Writes the average to a file, whole or not at all, in the first client's types, each value
     * rounded to float32 and then to its type. The metadata says {@code examples}, as clients'
     * does.
     *
     * @throws BadInputException if there was no client, a value is too large for its type, or the
     *     target is the file of the sums, which more clients may be added to
     */
    public synchronized void write(Path target) throws IOException {
        requireClients();
        if (file.isPresent() && isSame(file.get(), target)) {
            throw new BadInputException(
                    Problem.expected(
                                    "average '" + target + "'",
                                    "another file than the sums",
                                    "the same")
                            .hint("choose another path"));
        }
        Map<String, String> metadata =
                Map.of("examples", plain(content.examples()), "clients", "" + content.clients());
        try (TensorFileWriter out =
                TensorFileWriter.create(format, target, content.tensors(), metadata)) {
            read(out);
            out.commit();
        }
    }

    private static boolean isSame(Path sums, Path target) throws IOException {
        return Files.exists(target) && Files.isSameFile(sums, target);
    }

    private void requireClients() {
        if (content.clients() == 0) {
            throw new BadInputException(
                    Problem.of("there is no average: no client was added").hint("add one first"));
        }
    }

    /** 1529 and not 1529.0. */
    static String plain(double number) {
        return number == Math.rint(number) && Math.abs(number) < 1e15
                ? Long.toString((long) number)
                : Double.toString(number);
    }

    /** Whether there is a sum or a maximum of a type. */
    static boolean fits(DType type) {
        return type.arithmetic() || type.integer();
    }

    /** Names of tensors one side has and the other has not. */
    static List<String> only(Iterable<String> names, java.util.Collection<String> others) {
        List<String> only = new ArrayList<>();
        for (String name : names) {
            if (!others.contains(name)) {
                only.add("'" + name + "'");
            }
        }
        return only;
    }
}
