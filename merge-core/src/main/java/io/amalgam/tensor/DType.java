package io.amalgam.tensor;

import java.util.Locale;
import java.util.Optional;

/**
 * Element types of stored tensors, under the names the safetensors format gives them.
 *
 * <p>{@link #arithmetic()} types can be decoded to float32 and merged; all others are only copied.
 */
public enum DType {
    BOOL(8, false),
    U8(8, false),
    I8(8, false),
    U16(16, false),
    I16(16, false),
    U32(32, false),
    I32(32, false),
    U64(64, false),
    I64(64, false),
    F4(4, false),
    F6_E2M3(6, false),
    F6_E3M2(6, false),
    F8_E8M0(8, false),
    F8_E4M3(8, true),
    F8_E5M2(8, true),
    F8_E4M3FNUZ(8, false),
    F8_E5M2FNUZ(8, false),
    F16(16, true),
    BF16(16, true),
    F32(32, true),
    F64(64, true),
    C64(64, false);

    private final int bits;
    private final boolean arithmetic;

    DType(int bits, boolean arithmetic) {
        this.bits = bits;
        this.arithmetic = arithmetic;
    }

    /** Width of one element in bits; 4 and 6 for the packed sub-byte types. */
    public int bits() {
        return bits;
    }

    /**
     * Whether merge methods may compute with this type. Integers, booleans and packed types are
     * copied.
     */
    public boolean arithmetic() {
        return arithmetic;
    }

    /**
     * Bytes that {@code elements} elements take.
     *
     * @throws ArithmeticException if the size overflows a long or is not a whole number of bytes
     */
    public long bytesFor(long elements) {
        if (bits >= 8) {
            return Math.multiplyExact(elements, (long) (bits / 8));
        }
        long total = Math.multiplyExact(elements, (long) bits);
        if (total % 8 != 0) {
            throw new ArithmeticException(
                    elements + " elements of " + this + " do not fill whole bytes");
        }
        return total / 8;
    }

    /**
     * The smallest type both operands convert to without losing range, as tensor libraries promote
     * floating types: F16 with BF16 gives F32. Only for {@link #arithmetic()} types.
     */
    public static DType promote(DType a, DType b) {
        if (a == b) {
            return a;
        }
        if (!a.arithmetic || !b.arithmetic) {
            throw new IllegalArgumentException("no common type for " + a + " and " + b);
        }
        if (a.bits == b.bits) {
            return a.bits == 8 ? F16 : F32;
        }
        return a.bits > b.bits ? a : b;
    }

    /**
     * The name transformers and recipes use ({@code bfloat16}, {@code float32}, ...); the
     * safetensors name where there is none.
     */
    public String recipeName() {
        return switch (this) {
            case F16 -> "float16";
            case BF16 -> "bfloat16";
            case F32 -> "float32";
            case F64 -> "float64";
            case I64 -> "int64";
            case F8_E4M3 -> "float8_e4m3fn";
            case F8_E5M2 -> "float8_e5m2";
            default -> name().toLowerCase(Locale.ROOT);
        };
    }

    /** Reads a recipe's dtype name, with or without the {@code torch.} prefix. */
    public static Optional<DType> fromRecipeName(String text) {
        String name = text.startsWith("torch.") ? text.substring("torch.".length()) : text;
        for (DType type : new DType[] {BF16, F16, F32, F64, I64, F8_E4M3, F8_E5M2}) {
            if (type.recipeName().equals(name)) {
                return Optional.of(type);
            }
        }
        return Optional.empty();
    }

    /** Reads the name used in a safetensors header. */
    public static Optional<DType> fromName(String text) {
        for (DType type : values()) {
            if (type.name().equals(text)) {
                return Optional.of(type);
            }
        }
        return Optional.empty();
    }
}
