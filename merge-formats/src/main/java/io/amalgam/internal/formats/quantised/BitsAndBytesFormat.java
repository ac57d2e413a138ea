package io.amalgam.internal.formats.quantised;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.amalgam.checkpoint.StoredTensor;
import io.amalgam.checkpoint.TensorSource;
import io.amalgam.internal.config.ConfigNumbers;
import io.amalgam.internal.kernel.ScalarKernels;
import io.amalgam.kernel.Workspace;
import io.amalgam.tensor.DType;
import java.io.IOException;
import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;

/**
 * Weights of bitsandbytes: NF4 and FP4, codes into a table over the flattened matrix, their scales
 * as numbers or (double quantisation) as codes themselves; and int8 by rows.
 */
final class BitsAndBytesFormat implements QuantisedFormat {
    private static final ObjectMapper JSON = JsonMapper.builder().build();

    /** As long as the text of a tensor's settings may be. */
    private static final int LONGEST = 1 << 16;

    /** What codes of int8 are multiplied with: 1/127 as bitsandbytes writes it. */
    private static final float STEP = 0.007874016f;

    @Override
    public Optional<TensorSource> dense(StoredTensor codes, QuantisedTensors tensors) {
        String name = codes.info().name();
        if (!name.endsWith("weight")) {
            return Optional.empty();
        }
        try {
            for (String kind : new String[] {"nf4", "fp4"}) {
                Optional<StoredTensor> state =
                        tensors.companionIfAny(name + ".quant_state.bitsandbytes__" + kind);
                if (state.isPresent()) {
                    return fourBits(codes, kind, state.get(), tensors);
                }
            }
            if (codes.info().dtype() == DType.U8) {
                tensors.companion(name + ".quant_state.bitsandbytes__nf4", codes);
            }
            return codes.info().dtype() == DType.I8 ? eightBits(codes, tensors) : Optional.empty();
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }

    private static Optional<TensorSource> fourBits(
            StoredTensor codes, String kind, StoredTensor stateTensor, QuantisedTensors tensors)
            throws IOException {
        String name = codes.info().name();
        Optional<JsonNode> state = json(stateTensor);
        Optional<long[]> dims = state.flatMap(BitsAndBytesFormat::dims);
        int block = state.map(s -> whole(s.path("blocksize"))).orElse(0);
        if (dims.isEmpty() || block <= 0) {
            return tensors.unfit(stateTensor, "JSON with 'shape' and 'blocksize'", codes);
        }
        var info = tensors.dense(name, dims.get());
        long n = info.elements();
        if (codes.info().bytes() != (n + 1) / 2) {
            return tensors.unfit(
                    stateTensor,
                    "a 'shape' of "
                            + codes.info().bytes() * 2
                            + " elements, and not "
                            + Arrays.toString(dims.get())
                            + ",",
                    codes);
        }
        long blocks = ScaleGrid.ceil(n, block);
        Optional<StoredTensor> absmax = tensors.companion(name + ".absmax", codes);
        Optional<float[]> table = table(name + ".quant_map", 16, codes, tensors);
        if (absmax.isEmpty() || table.isEmpty()) {
            return Optional.empty();
        }
        if (absmax.get().info().elements() != blocks) {
            return tensors.unfit(absmax.get(), blocks + " scales", codes);
        }
        boolean nested = absmax.get().info().dtype() == DType.U8;
        if (nested && !isNested(state.get())) {
            return tensors.unfit(
                    stateTensor, "JSON with 'nested_blocksize' and 'nested_offset'", codes);
        }
        Optional<Scales> scales =
                nested
                        ? nested(absmax.get(), state.get(), codes, tensors)
                        : Optional.of(absmax.get())
                                .filter(a -> a.info().dtype().arithmetic())
                                .map(Scales::of);
        if (scales.isEmpty()) {
            return nested
                    ? Optional.empty()
                    : tensors.unfit(absmax.get(), "scales in a float type, or U8,", codes);
        }
        tensors.label(kind.toUpperCase(Locale.ROOT) + (nested ? ", double quantisation" : ""));
        return Optional.of(new NibbleTensor(info, codes, table.get(), true, scales.get(), block));
    }

    private static boolean isNested(JsonNode state) {
        JsonNode offset = state.path("nested_offset");
        return whole(state.path("nested_blocksize")) > 0
                && offset.isNumber()
                && Float.isFinite((float) offset.doubleValue());
    }

    private static Optional<Scales> nested(
            StoredTensor absmax, JsonNode state, StoredTensor codes, QuantisedTensors tensors)
            throws IOException {
        String name = codes.info().name();
        int block = whole(state.path("nested_blocksize"));

        Optional<StoredTensor> outer = tensors.companion(name + ".nested_absmax", codes);
        Optional<float[]> table = table(name + ".nested_quant_map", 256, codes, tensors);
        if (outer.isEmpty() || table.isEmpty()) {
            return Optional.empty();
        }
        if (!outer.get().info().dtype().arithmetic()
                || outer.get().info().elements()
                        != ScaleGrid.ceil(absmax.info().elements(), block)) {
            return tensors.unfit(
                    outer.get(), "a scale for each 'nested_blocksize' of the scales", codes);
        }
        float offset = (float) state.path("nested_offset").doubleValue();
        return Optional.of(new Scales.Nested(absmax, table.get(), outer.get(), block, offset));
    }

    private static Optional<TensorSource> eightBits(StoredTensor codes, QuantisedTensors tensors)
            throws IOException {
        String name = codes.info().name();
        String module = name.substring(0, name.length() - "weight".length());
        if (codes.info().shape().rank() != 2) {
            return Optional.empty();
        }
        Optional<StoredTensor> rows = tensors.companion(module + "SCB", codes);
        if (rows.isEmpty()) {
            return Optional.empty();
        }
        Optional<StoredTensor> format = tensors.companionIfAny(name + "_format");
        if (format.isPresent() && first(format.get()) != 0) {
            return tensors.unfit(format.get(), "0, codes in the order of rows,", codes);
        }
        long[] dims = codes.info().shape().dims();
        if (rows.get().info().elements() != dims[0] || !rows.get().info().dtype().arithmetic()) {
            return tensors.unfit(rows.get(), "a scale for each row, in a float type,", codes);
        }
        tensors.label("int8 of bitsandbytes");
        return Optional.of(
                new ScaledTensor(
                        tensors.dense(name, dims),
                        codes,
                        new ScaleGrid(dims[0], dims[1], 1, dims[1]),
                        Scales.of(rows.get()),
                        Optional.empty(),
                        STEP));
    }

    private static Optional<float[]> table(
            String name, int length, StoredTensor codes, QuantisedTensors tensors)
            throws IOException {
        Optional<StoredTensor> found = tensors.companion(name, codes);
        if (found.isEmpty()) {
            return Optional.empty();
        }
        if (found.get().info().elements() != length || !found.get().info().dtype().arithmetic()) {
            return tensors.unfit(found.get(), length + " numbers", codes);
        }
        float[] table = new float[length];
        found.get().read(0, length, table, 0, new Workspace(ScalarKernels.INSTANCE, length));
        return Optional.of(table);
    }

    private static int first(StoredTensor tensor) throws IOException {
        byte[] one = new byte[1];
        if (tensor.info().bytes() > 0) {
            Scratch.read(tensor, 0, 1, one, 0, new Workspace(ScalarKernels.INSTANCE, 1));
        }
        return one[0];
    }

    private static Optional<JsonNode> json(StoredTensor tensor) throws IOException {
        long length = tensor.info().bytes();
        if (length > LONGEST) {
            return Optional.empty();
        }
        byte[] text = new byte[(int) length];
        Scratch.read(tensor, 0, text.length, text, 0, new Workspace(ScalarKernels.INSTANCE, 64));
        try {
            return Optional.of(JSON.readTree(text));
        } catch (JsonProcessingException | java.io.CharConversionException e) {
            return Optional.empty();
        }
    }

    /** -1 where there is none: no text with digits, no fraction. */
    private static int whole(JsonNode value) {
        return (int) Math.min(Integer.MAX_VALUE, ConfigNumbers.wholeOr(value, -1));
    }

    private static Optional<long[]> dims(JsonNode state) {
        JsonNode shape = state.path("shape");
        if (!shape.isArray()) {
            return Optional.empty();
        }
        long[] dims = new long[shape.size()];
        long elements = 1;
        for (int i = 0; i < dims.length; i++) {
            dims[i] = whole(shape.get(i));
            if (dims[i] < 0 || dims[i] > Integer.MAX_VALUE || elements > Integer.MAX_VALUE) {
                return Optional.empty();
            }
            elements *= dims[i];
        }
        return dims.length == 0 ? Optional.empty() : Optional.of(dims);
    }
}
