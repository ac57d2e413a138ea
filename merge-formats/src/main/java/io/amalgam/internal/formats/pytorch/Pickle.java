package io.amalgam.internal.formats.pytorch;

import io.amalgam.tensor.DType;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** The elements of a checkpoint's pickle. All else a pickle can say is refused. */
final class Pickle {
    private Pickle() {}

    /** Python's {@code None}, which Java's null must not be. */
    enum None {
        NONE
    }

    /** A tuple: a list that does not change. */
    record Tuple(List<Object> items) {}

    /** A dictionary, in the order of its entries, by texts and numbers. */
    record Dict(Map<Object, Object> entries) {}

    /** A list. */
    record Items(List<Object> items) {}

    /** A class or function by name: only the known ones. */
    enum Known {
        ORDERED_DICT("collections.OrderedDict"),
        TENSOR("torch._utils._rebuild_tensor_v2"),
        TENSOR_OF_TYPE("torch._utils._rebuild_tensor_v3"),
        PARAMETER("torch._utils._rebuild_parameter"),
        FLOAT("torch.FloatStorage", DType.F32),
        DOUBLE("torch.DoubleStorage", DType.F64),
        HALF("torch.HalfStorage", DType.F16),
        BFLOAT16("torch.BFloat16Storage", DType.BF16),
        LONG("torch.LongStorage", DType.I64),
        INT("torch.IntStorage", DType.I32),
        SHORT("torch.ShortStorage", DType.I16),
        CHAR("torch.CharStorage", DType.I8),
        BYTE("torch.ByteStorage", DType.U8),
        BOOL("torch.BoolStorage", DType.BOOL),
        UNTYPED("torch.storage.UntypedStorage", DType.U8),
        F8_E4M3("torch.float8_e4m3fn", DType.F8_E4M3),
        F8_E5M2("torch.float8_e5m2", DType.F8_E5M2),
        U16("torch.uint16", DType.U16),
        U32("torch.uint32", DType.U32),
        U64("torch.uint64", DType.U64);

        private final String text;
        private final @Nullable DType type;

        Known(String text) {
            this(text, null);
        }

        Known(String text, @Nullable DType type) {
            this.text = text;
            this.type = type;
        }

        /** Its module and name. */
        String text() {
            return text;
        }

        /** The type of a storage or tensor; none for functions. */
        Optional<DType> type() {
            return Optional.ofNullable(type);
        }
    }

    /**
     * The bytes behind tensors.
     *
     * @param key the name of its entry
     */
    record Storage(DType type, String key, long elements) {}

    /** A view of a storage, in elements. */
    record View(Storage storage, DType type, long offset, long[] dims, long[] strides) {}
}
