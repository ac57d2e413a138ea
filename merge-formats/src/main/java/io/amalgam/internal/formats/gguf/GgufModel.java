package io.amalgam.internal.formats.gguf;

import static io.amalgam.internal.formats.files.FileText.quote;

import io.amalgam.checkpoint.TensorSource;
import io.amalgam.error.Problem;
import io.amalgam.internal.checkpoint.SliceTensor;
import io.amalgam.tensor.DType;
import io.amalgam.tensor.Shape;
import io.amalgam.tensor.TensorInfo;
import java.util.Arrays;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.LongStream;

/** The tensors of a GGUF file as the Hugging Face model has them. */
final class GgufModel {
    private static final Pattern LAYER = Pattern.compile("blk\\.([0-9]+)\\.");

    private final GgufArchitecture architecture;
    private final GgufNames names;
    private final GgufMetadata keys;
    private final DType type;
    private final String model;
    private final List<Problem> problems;
    private final Map<String, TensorSource> tensors = new LinkedHashMap<>();

    /**
     * @param type what the model computes with
     * @param model what the user calls it
     * @param problems for what does not fit
     */
    GgufModel(
            GgufArchitecture architecture,
            GgufMetadata keys,
            DType type,
            String model,
            List<Problem> problems) {
        this.architecture = architecture;
        this.names = GgufNames.of(architecture);
        this.keys = keys;
        this.type = type;
        this.model = model;
        this.problems = problems;
    }

    Map<String, TensorSource> of(Iterable<GgufFile.Tensor> stored) {
        for (GgufFile.Tensor tensor : stored) {
            if (!GgufNames.madeByConverter(tensor.name())) {
                add(tensor);
            }
        }
        requireLayers(stored);
        return tensors;
    }

    /** All layers that the keys promise, and no other. */
    private void requireLayers(Iterable<GgufFile.Tensor> stored) {
        Set<String> layers = new HashSet<>();
        for (GgufFile.Tensor tensor : stored) {
            Matcher layer = LAYER.matcher(tensor.name());
            if (layer.lookingAt()) {
                layers.add(layer.group(1));
            }
        }
        OptionalLong count = key("block_count");
        boolean all = LongStream.range(0, layers.size()).allMatch(n -> layers.contains("" + n));
        if (count.isPresent() && (count.getAsLong() != layers.size() || !all)) {
            problems.add(
                    Problem.expected(
                                    "layers of model '" + model + "'",
                                    count.getAsLong()
                                            + ", as key '"
                                            + architecture.gguf()
                                            + ".block_count' says",
                                    all ? layers.size() : "others than from 0 on")
                            .hint("the file is damaged or incomplete: get it again"));
        }
    }

    private void add(GgufFile.Tensor tensor) {
        List<GgufNames.Name> found = names.toHuggingFace(tensor.name(), experts(tensor));
        if (found.isEmpty()) {
            problems.add(
                    Problem.expected(
                                    "tensor " + quote(tensor.name()),
                                    "a name of the architecture '" + architecture.gguf() + "'",
                                    "another one")
                            .at("'" + tensor.region().file() + "'")
                            .hint("merge the model that this file was made from"));
            return;
        }
        Optional<Problem> unfit =
                new HeadSizes(architecture, keys).check(tensor.name(), tensor.shape());
        if (unfit.isPresent()) {
            problems.add(unfit.get());
            return;
        }
        TensorSource all = tensor.stored(model);
        for (GgufNames.Name name : found) {
            if (name.expert() < 0) {
                put(all, name);
            } else {
                expert(tensor, all, name, found.size());
            }
        }
    }

    /** As many as the tensor has matrices, if the model has so many: else none. */
    private int experts(GgufFile.Tensor tensor) {
        long count = tensor.shape().rank() == 3 ? tensor.shape().dim(0) : 0;
        return count == key("expert_count").orElse(0) ? (int) Math.min(count, 1 << 16) : 0;
    }

    private void expert(
            GgufFile.Tensor tensor, TensorSource all, GgufNames.Name name, int experts) {
        long[] dims = tensor.shape().dims();
        if (dims.length != 3 || dims[0] != experts) {
            problems.add(
                    problem(
                            tensor.name(),
                            "the matrices of " + key("expert_count").orElse(0) + " experts",
                            tensor.shape()));
            return;
        }
        Shape shape = Shape.of(Arrays.copyOfRange(dims, 1, 3));
        TensorInfo info = new TensorInfo(name.name(), all.info().dtype(), shape);
        put(new SliceTensor(all, info, name.expert() * shape.elements()), name);
    }

    private void put(TensorSource stored, GgufNames.Name name) {
        DType dense = stored.info().dtype().arithmetic() ? type : stored.info().dtype();
        String target = name.name();
        TensorSource source =
                switch (name.change()) {
                    case NONE -> DenseTensor.plain(stored, target, dense);
                    case PLUS_ONE -> DenseTensor.shifted(stored, target, dense);
                    case QUERY_ROWS -> heads(stored, target, dense, "attention.head_count");
                    case KEY_ROWS -> heads(stored, target, dense, keyHeads());
                    case WITHOUT_PADDING_ROWS ->
                            DenseTensor.padded(stored, target, dense, paddingRows());
                };
        tensors.put(target, source);
    }

    /** Files of models whose keys have as many heads as their queries may leave it out. */
    private String keyHeads() {
        String own = "attention.head_count_kv";
        return keys.has(architecture.gguf() + "." + own) ? own : "attention.head_count";
    }

    private TensorSource heads(TensorSource stored, String name, DType dense, String key) {
        Shape shape = stored.info().shape();
        long rows = shape.rank() == 0 ? 1 : shape.dim(0);
        OptionalLong heads = key(key);
        if (heads.isEmpty() || heads.getAsLong() < 1) {
            Problem problem =
                    Problem.expected(
                                    "key '" + architecture.gguf() + "." + key + "'",
                                    "the number of heads",
                                    heads.isEmpty() ? "none" : heads.getAsLong())
                            .hint(
                                    "the file is damaged, or of another converter: merge the model it was made from");
            if (!problems.contains(problem)) {
                problems.add(problem);
            }
            return stored;
        }
        long headRows = rows / heads.getAsLong();
        if (rows % heads.getAsLong() != 0 || headRows % 2 != 0 || headRows < 2) {
            problems.add(
                    problem(
                            stored.info().name(),
                            heads.getAsLong() + " heads of an even number of rows",
                            rows + " rows"));
            return stored;
        }
        return DenseTensor.heads(stored, name, dense, Math.toIntExact(headRows));
    }

    private static Problem problem(String tensor, String expected, Object found) {
        return Problem.expected("tensor " + quote(tensor), expected, found);
    }

    /** As many as {@link KeysConfig} counts. */
    private long paddingRows() {
        return keys.whole("tokenizer.ggml.padding_token_id").orElse(1) + 1;
    }

    private OptionalLong key(String rest) {
        return keys.whole(architecture.gguf() + "." + rest);
    }
}
