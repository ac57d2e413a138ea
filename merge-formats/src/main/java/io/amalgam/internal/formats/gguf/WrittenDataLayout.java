package io.amalgam.internal.formats.gguf;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.amalgam.error.BadInputException;
import io.amalgam.error.Problem;
import io.amalgam.tensor.DType;
import io.amalgam.tensor.Shape;
import io.amalgam.tensor.TensorInfo;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Where the data of a file that is written goes: tensors that are made from the configuration
 * first, then those of the model in their order; parts of a stack lie one behind the other.
 */
final class WrittenDataLayout {
    /** llama.cpp's limit, with the zero byte behind a name. */
    private static final int LONGEST_NAME = 63;

    private final List<RopeFactors.Made> made;
    private final List<GgufWriter.Entry> entries = new ArrayList<>();
    private final List<Long> offsets = new ArrayList<>();
    private long parameters;
    private long bytes;
    private int madeBytes;

    private WrittenDataLayout(List<RopeFactors.Made> made) {
        this.made = made;
    }

    static WrittenDataLayout of(
            GgufArchitecture architecture, ObjectNode config, List<TensorInfo> tensors) {
        WrittenDataLayout plan = new WrittenDataLayout(RopeFactors.of(architecture, config));
        for (RopeFactors.Made one : plan.made) {
            plan.entry(one.name(), Shape.of(one.values().length), DType.F32);
        }
        plan.madeBytes = (int) plan.bytes;
        Map<String, List<Integer>> stacks = new LinkedHashMap<>();
        for (int i = 0; i < tensors.size(); i++) {
            plan.offsets.add(0L);
            String name = tensors.get(i).name();
            stacks.computeIfAbsent(StoredTensors.stack(name).orElse(name), n -> new ArrayList<>())
                    .add(i);
        }
        stacks.forEach((name, parts) -> plan.add(name, parts, tensors));
        return plan;
    }

    private void add(String name, List<Integer> parts, List<TensorInfo> tensors) {
        TensorInfo first = tensors.get(parts.get(0));
        long offset = bytes;
        Shape shape = first.shape();
        if (StoredTensors.stack(first.name()).isPresent()) {
            long[] dims = shape.dims();
            long[] stacked = new long[dims.length + 1];
            stacked[0] = parts.size();
            System.arraycopy(dims, 0, stacked, 1, dims.length);
            shape = Shape.of(stacked);
        }
        entry(name, shape, first.dtype());
        for (int part : parts) {
            TensorInfo tensor = tensors.get(part);
            int place =
                    StoredTensors.stack(tensor.name()).isEmpty()
                            ? 0
                            : Integer.parseInt(tensor.name().substring(name.length() + 1));
            if (place >= parts.size() || !tensor.shape().equals(first.shape())) {
                throw new BadInputException(
                        Problem.expected(
                                        "experts of '" + name + "'",
                                        "all of one shape, numbered without a gap",
                                        tensor.shape() + " for number " + place)
                                .hint("a model of which experts are missing cannot be written"));
            }
            offsets.set(part, offset + place * tensor.bytes());
        }
    }

    private void entry(String name, Shape shape, DType type) {
        int length = name.getBytes(StandardCharsets.UTF_8).length;
        if (length > LONGEST_NAME) {
            throw new BadInputException(
                    Problem.expected("name '" + name + "'", "at most 63 bytes", length)
                            .hint("llama.cpp reads no longer names"));
        }
        GgmlType stored =
                GgmlType.of(type)
                        .orElseThrow(
                                () ->
                                        new BadInputException(
                                                Problem.expected(
                                                                "type of tensor '" + name + "'",
                                                                "one that GGUF has",
                                                                type)
                                                        .hint("write a folder")));
        entries.add(new GgufWriter.Entry(name, shape, stored, bytes));
        parameters += shape.elements();
        bytes =
                Alignment.next(
                        Math.addExact(bytes, type.bytesFor(shape.elements())), Alignment.DEFAULT);
    }

    /** Offsets of the model's tensors in the data. */
    List<Long> offsets() {
        return offsets;
    }

    /** Of all data. */
    long bytes() {
        return bytes;
    }

    String sizeLabel(ObjectNode config) {
        long experts = ModelSettings.of(config).whole("num_local_experts").orElse(0L);
        if (experts < 1) {
            return ModelName.size(parameters);
        }
        long stacked =
                entries.stream()
                        .filter(e -> e.name().contains("_exps."))
                        .mapToLong(e -> e.shape().elements())
                        .sum();
        return experts + "x" + ModelName.size(parameters - stacked + stacked / experts);
    }

    byte[] header(GgufMetadata keys) {
        return GgufWriter.header(keys, entries);
    }

    /** A header with the data of the tensors that are made. */
    byte[] withMade(byte[] header) {
        byte[] all = Arrays.copyOf(header, header.length + madeBytes);
        ByteBuffer buffer = ByteBuffer.wrap(all).order(ByteOrder.LITTLE_ENDIAN);
        for (int i = 0; i < made.size(); i++) {
            buffer.position(header.length + (int) entries.get(i).offset());
            for (float value : made.get(i).values()) {
                buffer.putFloat(value);
            }
        }
        return all;
    }
}
