package io.amalgam.internal.engine;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.amalgam.checkpoint.Checkpoint;
import io.amalgam.checkpoint.OutputFormat;
import io.amalgam.checkpoint.TensorSource;
import io.amalgam.error.BadInputException;
import io.amalgam.error.Problem;
import io.amalgam.tensor.DType;
import io.amalgam.tensor.TensorInfo;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Sums of clients' tensors in a file: F64, or I64 for the largest of integers; the metadata has how
 * many clients and examples they are of, and the tensors' types.
 */
final class SumFile {
    private static final String CLIENTS = "clients";
    private static final String EXAMPLES = "examples";
    private static final String TYPES = "types";
    private static final ObjectMapper JSON = new ObjectMapper();

    private SumFile() {}

    /**
     * What the sums are of.
     *
     * @param tensors as the clients have them, in the first one's types and order
     */
    record Content(List<TensorInfo> tensors, long clients, double examples) {
        static final Content NONE = new Content(List.of(), 0, 0);

        Content {
            tensors = List.copyOf(tensors);
        }

        /** With one client more, whose tensors are looked at. */
        Content with(Map<String, ? extends ClientTensor> client, double more) {
            List<TensorInfo> all = new ArrayList<>(tensors);
            List<Problem> problems = new ArrayList<>();
            if (tensors.isEmpty()) {
                client.values().forEach(tensor -> all.add(tensor.info()));
                all.stream()
                        .filter(info -> !RunningAverage.fits(info.dtype()))
                        .map(SumFile::notAveraged)
                        .forEach(problems::add);
            } else {
                compare(client, problems);
            }
            if (!problems.isEmpty()) {
                throw new BadInputException(problems);
            }
            return new Content(all, clients + 1, examples + more);
        }

        private void compare(Map<String, ? extends ClientTensor> client, List<Problem> problems) {
            List<String> names = tensors.stream().map(TensorInfo::name).toList();
            List<String> missing = RunningAverage.only(names, client.keySet());
            List<String> more = RunningAverage.only(client.keySet(), names);
            if (!missing.isEmpty() || !more.isEmpty()) {
                problems.add(
                        Problem.expected(
                                        "a client's tensors",
                                        "those of the first client",
                                        (missing.isEmpty() ? "" : "none of " + listed(missing))
                                                + (missing.isEmpty() || more.isEmpty()
                                                        ? ""
                                                        : " and ")
                                                + (more.isEmpty()
                                                        ? ""
                                                        : listed(more) + " beside them"))
                                .hint("the client is left out"));
                return;
            }
            for (TensorInfo info : tensors) {
                TensorInfo other = RunningAverage.tensor(client, info.name()).info();
                boolean sameKind =
                        info.dtype() == other.dtype()
                                || (info.dtype().arithmetic() && other.dtype().arithmetic());
                if (!info.shape().equals(other.shape()) || !sameKind) {
                    problems.add(
                            Problem.expected(
                                            "a client's tensor '" + info.name() + "'",
                                            info.dtype() + " " + info.shape(),
                                            other.dtype() + " " + other.shape())
                                    .hint("the client is left out"));
                }
            }
        }

        private static String listed(List<String> names) {
            return String.join(", ", names.subList(0, Math.min(5, names.size())))
                    + (names.size() > 5 ? ", ..." : "");
        }
    }

    private static Problem notAveraged(TensorInfo info) {
        return Problem.expected(
                        "a client's tensor '" + info.name() + "'",
                        "a type that can be averaged",
                        info.dtype())
                .hint("dequantise the model first");
    }

    /** What a file holds; nothing if there is none. */
    static Content read(OutputFormat format, Path file) throws IOException {
        if (!Files.exists(file)) {
            return Content.NONE;
        }
        try (Checkpoint sums = format.reader().open(file, file.toString())) {
            Map<String, String> metadata = sums.metadata();
            JsonNode types = JSON.readTree(metadata.getOrDefault(TYPES, "{}"));
            List<TensorInfo> tensors = new ArrayList<>();
            // In the order of the types, which is the first client's.
            for (Map.Entry<String, JsonNode> type : types.properties()) {
                TensorSource sum = sums.tensors().get(type.getKey());
                Optional<DType> dtype = DType.fromName(type.getValue().asText());
                if (sum == null || dtype.isEmpty() || !isSum(dtype.get(), sum.info().dtype())) {
                    throw notSums(file);
                }
                tensors.add(new TensorInfo(type.getKey(), dtype.get(), sum.info().shape()));
            }
            if (tensors.size() != sums.tensors().size()) {
                throw notSums(file);
            }
            return new Content(
                    tensors,
                    Long.parseLong(metadata.getOrDefault(CLIENTS, "")),
                    Double.parseDouble(metadata.getOrDefault(EXAMPLES, "")));
        } catch (NumberFormatException | JsonProcessingException e) {
            throw notSums(file);
        }
    }

    private static boolean isSum(DType type, DType stored) {
        return stored == (type.arithmetic() ? DType.F64 : DType.I64);
    }

    private static BadInputException notSums(Path file) {
        return new BadInputException(
                Problem.expected(
                                "accumulator '" + file + "'",
                                "sums of clients' tensors",
                                "another safetensors file")
                        .hint("choose another path, or remove the file"));
    }

    /** Writes the sums with one client more in place of those without it. */
    static void add(
            OutputFormat format,
            Path file,
            Content before,
            Content after,
            Map<String, ? extends ClientTensor> client,
            double examples)
            throws IOException {
        ObjectNode types = JSON.createObjectNode();
        List<TensorInfo> stored = new ArrayList<>();
        for (TensorInfo info : after.tensors()) {
            types.put(info.name(), info.dtype().name());
            stored.add(sum(info));
        }
        Map<String, String> metadata =
                Map.of(
                        CLIENTS, Long.toString(after.clients()),
                        EXAMPLES, RunningAverage.plain(after.examples()),
                        TYPES, JSON.writeValueAsString(types));
        try (TensorFileWriter out = TensorFileWriter.create(format, file, stored, metadata)) {
            try (Reader old = before.clients() == 0 ? new Reader() : reader(format, file)) {
                for (TensorInfo info : after.tensors()) {
                    add(old, out, info, RunningAverage.tensor(client, info.name()), examples);
                }
            }
            out.commit();
        }
    }

    private static void add(
            Reader old, TensorFileWriter out, TensorInfo info, ClientTensor client, double examples)
            throws IOException {
        Sums block = new Sums(info);
        for (long from = 0; from < info.elements(); from += RunningAverage.BLOCK) {
            int n = (int) Math.min(RunningAverage.BLOCK, info.elements() - from);
            old.load(block, info, from, n);
            block.add(client, from, n, examples);
            ByteBuffer bytes = out.bytes(n * Long.BYTES);
            block.store(bytes, n);
            out.write(sum(info), from, bytes);
        }
    }

    private static TensorInfo sum(TensorInfo info) {
        return info.withDType(info.dtype().arithmetic() ? DType.F64 : DType.I64);
    }

    static Reader reader(OutputFormat format, Path file) throws IOException {
        return new Reader(format.reader().open(file, file.toString()));
    }

    /** Reads sums; without a file there are none. */
    static final class Reader implements Closeable {
        private final Optional<Checkpoint> sums;
        private final ByteBuffer bytes =
                ByteBuffer.allocateDirect(RunningAverage.BLOCK * Long.BYTES)
                        .order(ByteOrder.LITTLE_ENDIAN);

        Reader() {
            this.sums = Optional.empty();
        }

        Reader(Checkpoint sums) {
            this.sums = Optional.of(sums);
        }

        void load(Sums block, TensorInfo info, long from, int n) throws IOException {
            if (sums.isEmpty()) {
                block.load(null, 0, n);
                return;
            }
            TensorSource source = sums.get().tensors().get(info.name());
            if (source == null) {
                throw new IOException("tensor '" + info.name() + "' is gone from the accumulator");
            }
            bytes.clear().limit(n * Long.BYTES);
            source.stored().orElseThrow().region().readFully(from * Long.BYTES, bytes);
            block.load(bytes.flip(), n);
        }

        @Override
        public void close() throws IOException {
            if (sums.isPresent()) {
                sums.get().close();
            }
        }
    }
}
