package io.amalgam.formats.safetensors;

import io.amalgam.error.BadInputException;
import io.amalgam.error.Problem;
import io.amalgam.internal.formats.files.FileText;
import io.amalgam.tensor.DType;
import io.amalgam.tensor.TensorInfo;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.IntStream;

/**
 * The header of a file to write, and the offset of each tensor, computed before there is any data,
 * so that tensors can be written in any order. Immutable.
 *
 * <p>The same tensors give the same bytes, equal to those of Python's safetensors: tensors are
 * ordered by type, the widest first, so that each is aligned to its element's width; within a type
 * by name (by code point); the header is padded with spaces to a multiple of 8.
 */
public final class SafetensorsLayout {
    /** Types in the order of their tensors in a file. */
    static final List<DType> ORDER =
            List.of(
                    DType.U64,
                    DType.I64,
                    DType.F64,
                    DType.C64,
                    DType.F32,
                    DType.U32,
                    DType.I32,
                    DType.BF16,
                    DType.F16,
                    DType.U16,
                    DType.I16,
                    DType.F8_E5M2FNUZ,
                    DType.F8_E4M3FNUZ,
                    DType.F8_E8M0,
                    DType.F8_E4M3,
                    DType.F8_E5M2,
                    DType.I8,
                    DType.U8,
                    DType.F6_E3M2,
                    DType.F6_E2M3,
                    DType.F4,
                    DType.BOOL);

    private static final Comparator<TensorInfo> PLACEMENT =
            Comparator.<TensorInfo>comparingInt(info -> ORDER.indexOf(info.dtype()))
                    .thenComparing(TensorInfo::name, HeaderJson::compareCodePoints);

    private final byte[] header;
    private final long[] offsets;
    private final long size;

    private SafetensorsLayout(byte[] header, long[] offsets, long size) {
        this.header = header;
        this.offsets = offsets;
        this.size = size;
    }

    /**
     * @param tensors in any order, with distinct names
     * @param metadata written with the key {@code format} first, then by name; not written if empty
     * @throws IllegalArgumentException if a name appears twice or is {@code __metadata__}, a text
     *     cannot be encoded as UTF-8, or safetensors does not have a type
     * @throws ArithmeticException if the sum of the sizes overflows
     * @throws BadInputException if the header would be longer than {@link
     *     SafetensorsHeader#MAX_LENGTH}
     */
    public static SafetensorsLayout of(List<TensorInfo> tensors, Map<String, String> metadata) {
        requireNames(tensors);
        metadata.forEach(
                (key, value) -> {
                    requireWhole(key);
                    requireWhole(value);
                });
        int[] order =
                IntStream.range(0, tensors.size())
                        .boxed()
                        .sorted(Comparator.comparing(tensors::get, PLACEMENT))
                        .mapToInt(Integer::intValue)
                        .toArray();
        long[] begins = new long[tensors.size()];
        HeaderJson json = new HeaderJson();
        json.metadata(metadata);
        long next = 0;
        for (int index : order) {
            TensorInfo tensor = tensors.get(index);
            if (!tensor.dtype().safetensors()) {
                throw new IllegalArgumentException(tensor + " in safetensors");
            }
            begins[index] = next;
            next = Math.addExact(next, tensor.bytes());
            json.tensor(tensor, begins[index], next);
        }
        byte[] header = bytes(json);
        for (int i = 0; i < begins.length; i++) {
            begins[i] = Math.addExact(begins[i], (long) header.length);
        }
        return new SafetensorsLayout(header, begins, Math.addExact(next, (long) header.length));
    }

    /** The first bytes of the file: length, JSON, spaces. */
    public byte[] header() {
        return header.clone();
    }

    /** Byte offset in the file of the {@code index}-th given tensor. */
    public long offset(int index) {
        return offsets[index];
    }

    /** Length of the whole file, in bytes. */
    public long size() {
        return size;
    }

    private static void requireNames(List<TensorInfo> tensors) {
        Set<String> names = new HashSet<>();
        for (TensorInfo tensor : tensors) {
            requireWhole(tensor.name());
            if (tensor.name().equals("__metadata__")) {
                throw new IllegalArgumentException("a tensor cannot be named '__metadata__'");
            }
            if (!names.add(tensor.name())) {
                throw new IllegalArgumentException(
                        "two tensors are named " + FileText.quote(tensor.name()));
            }
        }
    }

    /** Half a surrogate pair would be written as a question mark. */
    private static void requireWhole(String text) {
        if (!StandardCharsets.UTF_8.newEncoder().canEncode(text)) {
            throw new IllegalArgumentException(
                    "not a text of whole characters: " + FileText.quote(text));
        }
    }

    private static byte[] bytes(HeaderJson json) {
        long length = (json.finish() + 7) / 8 * 8;
        if (length > SafetensorsHeader.MAX_LENGTH) {
            throw new BadInputException(
                    Problem.expected(
                                    "header",
                                    "at most " + SafetensorsHeader.MAX_LENGTH + " bytes",
                                    length)
                            .hint("write the tensors to several files"));
        }
        ByteBuffer header =
                ByteBuffer.allocate(SafetensorsHeader.PREFIX + (int) length)
                        .order(ByteOrder.LITTLE_ENDIAN);
        header.putLong(length).put(json.bytes());
        while (header.hasRemaining()) {
            header.put((byte) ' ');
        }
        return header.array();
    }
}
