package io.amalgam.plainformat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.amalgam.error.BadInputException;
import io.amalgam.error.Problem;
import io.amalgam.tensor.DType;
import io.amalgam.tensor.Shape;
import io.amalgam.tensor.TensorInfo;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** What a {@link PlainFile} says of its tensors: names, types and shapes, in their order. */
record PlainHeader(List<TensorInfo> tensors, Map<String, String> metadata) {
    private static final String MAGIC = "plain";

    byte[] bytes() {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        DataOutputStream out = new DataOutputStream(bytes);
        try {
            out.writeUTF(MAGIC);
            out.writeInt(metadata.size());
            for (Map.Entry<String, String> entry : new TreeMap<>(metadata).entrySet()) {
                out.writeUTF(entry.getKey());
                out.writeUTF(entry.getValue());
            }
            out.writeInt(tensors.size());
            for (TensorInfo tensor : tensors) {
                out.writeUTF(tensor.name());
                out.writeUTF(tensor.dtype().name());
                out.writeInt(tensor.shape().rank());
                for (long dim : tensor.shape().dims()) {
                    out.writeLong(dim);
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return bytes.toByteArray();
    }

    static PlainHeader read(DataInputStream in, Path path) throws IOException {
        if (!in.readUTF().equals(MAGIC)) {
            throw new BadInputException(Problem.of("'" + path + "' is no plain file"));
        }
        Map<String, String> metadata = new LinkedHashMap<>();
        for (int left = in.readInt(); left > 0; left--) {
            metadata.put(in.readUTF(), in.readUTF());
        }
        List<TensorInfo> tensors = new ArrayList<>();
        for (int left = in.readInt(); left > 0; left--) {
            String name = in.readUTF();
            DType dtype = DType.valueOf(in.readUTF());
            long[] dims = new long[in.readInt()];
            for (int i = 0; i < dims.length; i++) {
                dims[i] = in.readLong();
            }
            tensors.add(new TensorInfo(name, dtype, Shape.of(dims)));
        }
        return new PlainHeader(tensors, metadata);
    }

    /** The header of a safetensors file, its tensors in the order of their data. */
    static PlainHeader ofSafetensors(byte[] json) throws IOException {
        Map<Long, TensorInfo> byPlace = new TreeMap<>();
        ObjectNode header = (ObjectNode) new ObjectMapper().readTree(json);
        header.remove("__metadata__");
        header.properties()
                .forEach(
                        entry -> {
                            JsonNode tensor = entry.getValue();
                            List<Long> dims = new ArrayList<>();
                            tensor.get("shape").forEach(dim -> dims.add(dim.longValue()));
                            byPlace.put(
                                    tensor.at("/data_offsets/0").longValue(),
                                    new TensorInfo(
                                            entry.getKey(),
                                            DType.valueOf(tensor.get("dtype").textValue()),
                                            Shape.of(
                                                    dims.stream()
                                                            .mapToLong(dim -> dim)
                                                            .toArray())));
                        });
        return new PlainHeader(List.copyOf(byPlace.values()), Map.of());
    }
}
