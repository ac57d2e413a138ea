package io.amalgam.internal.formats.gguf;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.amalgam.checkpoint.OutputFormat.Weight;
import io.amalgam.error.BadInputException;
import io.amalgam.error.Problem;
import io.amalgam.internal.checkpoint.NotWritten;
import io.amalgam.internal.encoding.Quantiser;
import io.amalgam.tensor.DType;
import io.amalgam.tensor.Shape;
import io.amalgam.tensor.TensorInfo;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** How each tensor of a model is stored. */
final class StoredTensors {
    /** Stands between the name of a stack of experts and the number of one in it. */
    private static final String EXPERT = "#";

    private final GgufArchitecture architecture;
    private final ModelSettings config;
    private final GgufNames names;
    private final String type;
    private final boolean tied;
    private final List<Problem> problems = new ArrayList<>();

    private StoredTensors(
            GgufArchitecture architecture, ObjectNode config, String type, boolean tied) {
        this.architecture = architecture;
        this.config = ModelSettings.of(config);
        this.names = GgufNames.of(architecture);
        this.type = type;
        this.tied = tied;
    }

    /** The stack that a stored tensor is a part of, and which; empty if it is whole. */
    static Optional<String> stack(String stored) {
        int at = stored.indexOf(EXPERT);
        return at < 0 ? Optional.empty() : Optional.of(stored.substring(0, at));
    }

    /**
     * By the names of a model's tensors.
     *
     * @throws BadInputException with every tensor that GGUF has no place for
     */
    static Map<String, Quantiser> of(
            GgufArchitecture architecture, ObjectNode config, String type, List<Weight> weights) {
        boolean head =
                weights.stream().anyMatch(weight -> weight.dense().name().equals("lm_head.weight"));
        StoredTensors stored = new StoredTensors(architecture, config, type, !head);
        Map<String, Quantiser> all = new HashMap<>();
        for (Weight weight : weights) {
            TensorInfo tensor = weight.dense();
            stored.store(tensor).ifPresent(quantiser -> all.put(tensor.name(), quantiser));
        }
        if (!stored.problems.isEmpty()) {
            throw new BadInputException(stored.problems);
        }
        return all;
    }

    private Optional<Quantiser> store(TensorInfo tensor) {
        if (names.droppedByGguf(tensor.name()) || isTiedHead(tensor.name())) {
            return Optional.of(NotWritten.INSTANCE);
        }
        Optional<GgufNames.Name> found = names.toGguf(tensor.name());
        if (found.isEmpty()) {
            problems.add(
                    Problem.expected(
                                    "tensor '" + tensor.name() + "'",
                                    "one that GGUF has a place for in models of kind '"
                                            + architecture.modelType()
                                            + "'",
                                    "another one")
                            .hint("write a folder, or leave the tensor out of the model")
                            .ofTensor());
            return Optional.empty();
        }
        String name = found.get().name();
        Shape shape = tensor.shape();
        long first = 0;
        Optional<HeadRows> heads = Optional.empty();
        switch (found.get().change()) {
            case QUERY_ROWS -> heads = heads(tensor, "num_attention_heads");
            case KEY_ROWS -> heads = heads(tensor, "num_key_value_heads", "num_attention_heads");
            case WITHOUT_PADDING_ROWS -> {
                first = config.whole("pad_token_id").map(pad -> pad + 1).orElse(0L);
                shape = rows(shape, Math.max(0, shape.dim(0) - first));
            }
            case PLUS_ONE, NONE -> {
                // Nothing of the rows.
            }
        }
        if (architecture == GgufArchitecture.GEMMA3 && name.equals("token_embd.weight")) {
            long tokens = config.whole("vocab_size").orElse(shape.dim(0));
            shape = rows(shape, Math.min(tokens, shape.dim(0)));
        }
        boolean plusOne = found.get().change() == ValueChange.PLUS_ONE;
        DType stored = FileTypes.of(type, tensor, name, tied);
        int expert = found.get().expert();
        String whole = expert < 0 ? name : name + EXPERT + expert;
        return Optional.of(
                new GgufTensor(
                        tensor,
                        new TensorInfo(whole, stored, shape),
                        heads,
                        plusOne ? 1 : 0,
                        first));
    }

    /** Models of gemma have no head of their own, whatever a file says. */
    private boolean isTiedHead(String name) {
        return architecture.shiftedNorms() && name.equals("lm_head.weight");
    }

    private static Shape rows(Shape shape, long rows) {
        long[] dims = shape.dims();
        dims[0] = rows;
        return Shape.of(dims);
    }

    private Optional<HeadRows> heads(TensorInfo tensor, String... settings) {
        long heads = config.needed(settings);
        long rows = tensor.shape().dim(0);
        if (heads < 1 || rows % heads != 0 || rows / heads % 2 != 0) {
            problems.add(
                    Problem.expected(
                                    "tensor '" + tensor.name() + "'",
                                    heads + " heads of an even number of rows",
                                    rows + " rows")
                            .hint("config.json and weights do not belong together")
                            .ofTensor());
            return Optional.empty();
        }
        return Optional.of(new HeadRows((int) (rows / heads)));
    }
}
