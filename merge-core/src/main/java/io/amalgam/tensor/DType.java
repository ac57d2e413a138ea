package io.amalgam.tensor;

import java.util.Locale;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Element types of stored tensors: those of safetensors, with that format's names, and block types
 * of GGUF.
 *
 * <p>{@link #arithmetic()} types can be decoded to float32 and merged; all others are only copied.
 */
public enum DType {
    BOOL(1, Kind.INTEGER),
    U8(1, Kind.INTEGER),
    I8(1, Kind.INTEGER),
    U16(2, Kind.INTEGER),
    I16(2, Kind.INTEGER),
    U32(4, Kind.INTEGER),
    I32(4, Kind.INTEGER),
    U64(8, Kind.INTEGER),
    I64(8, Kind.INTEGER, "int64"),
    F4(2, 1, Kind.COPIED),
    F6_E2M3(4, 3, Kind.COPIED),
    F6_E3M2(4, 3, Kind.COPIED),
    F8_E8M0(1, Kind.COPIED),
    F8_E4M3(1, Kind.FLOAT, "float8_e4m3fn"),
    F8_E5M2(1, Kind.FLOAT, "float8_e5m2"),
    F8_E4M3FNUZ(1, Kind.COPIED),
    F8_E5M2FNUZ(1, Kind.COPIED),
    F16(2, Kind.FLOAT, "float16"),
    BF16(2, Kind.FLOAT, "bfloat16"),
    F32(4, Kind.FLOAT, "float32"),
    F64(8, Kind.FLOAT, "float64"),
    C64(8, Kind.COPIED),
    Q8_0(32, 34, Kind.BLOCKS),
    Q4_0(32, 18, Kind.BLOCKS),
    Q4_1(32, 20, Kind.BLOCKS),
    Q5_0(32, 22, Kind.BLOCKS),
    Q5_1(32, 24, Kind.BLOCKS),
    Q2_K(256, 84, Kind.BLOCKS),
    Q3_K(256, 110, Kind.BLOCKS),
    Q4_K(256, 144, Kind.BLOCKS),
    Q5_K(256, 176, Kind.BLOCKS),
    Q6_K(256, 210, Kind.BLOCKS),
    IQ4_NL(32, 18, Kind.BLOCKS),
    IQ4_XS(256, 136, Kind.BLOCKS),
    TQ1_0(256, 54, Kind.BLOCKS),
    TQ2_0(256, 66, Kind.BLOCKS),
    MXFP4(32, 17, Kind.BLOCKS),
    Q8_1(32, 36, Kind.UNREAD_BLOCKS),
    Q8_K(256, 292, Kind.UNREAD_BLOCKS),
    IQ1_S(256, 50, Kind.UNREAD_BLOCKS),
    IQ1_M(256, 56, Kind.UNREAD_BLOCKS),
    IQ2_XXS(256, 66, Kind.UNREAD_BLOCKS),
    IQ2_XS(256, 74, Kind.UNREAD_BLOCKS),
    IQ2_S(256, 82, Kind.UNREAD_BLOCKS),
    IQ3_XXS(256, 98, Kind.UNREAD_BLOCKS),
    IQ3_S(256, 110, Kind.UNREAD_BLOCKS),
    Q1_0(128, 18, Kind.UNREAD_BLOCKS),
    Q2_0(64, 18, Kind.UNREAD_BLOCKS),
    NVFP4(64, 36, Kind.UNREAD_BLOCKS);

    private enum Kind {
        /** Whole numbers and booleans. */
        INTEGER,
        /** Decoded to float32 and merged. */
        FLOAT,
        /** Blocks of GGUF with their scales, decoded to float32 and merged. */
        BLOCKS,
        /** Blocks of GGUF known by size alone. */
        UNREAD_BLOCKS,
        /** Types of safetensors known by size alone. */
        COPIED
    }

    private final int blockElements;
    private final int blockBytes;
    private final Kind kind;
    private final @Nullable String recipeName;

    DType(int bytes, Kind kind) {
        this(1, bytes, kind, null);
    }

    DType(int blockElements, int blockBytes, Kind kind) {
        this(blockElements, blockBytes, kind, null);
    }

    DType(int bytes, Kind kind, String recipeName) {
        this(1, bytes, kind, recipeName);
    }

    DType(int blockElements, int blockBytes, Kind kind, @Nullable String recipeName) {
        this.blockElements = blockElements;
        this.blockBytes = blockBytes;
        this.kind = kind;
        this.recipeName = recipeName;
    }

    /** Number of elements in the smallest unit of whole bytes; 1 for types of whole bytes. */
    public int blockElements() {
        return blockElements;
    }

    /** Bytes of {@link #blockElements()} elements: the width of an element where that is 1. */
    public int blockBytes() {
        return blockBytes;
    }

    /** Whether this is an integer or boolean type. */
    public boolean integer() {
        return kind == Kind.INTEGER;
    }

    /**
     * Whether merge methods may compute with this type. Integers, booleans and packed types are
     * copied.
     */
    public boolean arithmetic() {
        return kind == Kind.FLOAT || kind == Kind.BLOCKS;
    }

    /** Whether this is a type of safetensors. */
    public boolean safetensors() {
        return kind != Kind.BLOCKS && kind != Kind.UNREAD_BLOCKS;
    }

    /**
     * Size of {@code elements} elements, in bytes.
     *
     * @throws ArithmeticException if the size overflows a long or is not a whole number of bytes
     */
    public long bytesFor(long elements) {
        if (elements % blockElements != 0) {
            throw new ArithmeticException(
                    elements + " elements of " + this + " do not fill whole bytes");
        }
        return Math.multiplyExact(elements / blockElements, (long) blockBytes);
    }

    /**
     * The smallest type that both operands convert to without loss of range, as in tensor
     * libraries: F16 with BF16 gives F32. Only for {@link #arithmetic()} types without blocks.
     *
     * @throws IllegalArgumentException for another type
     */
    public static DType promote(DType a, DType b) {
        if (a == b) {
            return a;
        }
        if (a.kind != Kind.FLOAT || b.kind != Kind.FLOAT) {
            throw new IllegalArgumentException("no common type for " + a + " and " + b);
        }
        if (a.blockBytes == b.blockBytes) {
            return a.blockBytes == 1 ? F16 : F32;
        }
        return a.blockBytes > b.blockBytes ? a : b;
    }

    /**
     * The name in transformers and recipes ({@code bfloat16}, {@code float32}, ...); else the name
     * in safetensors.
     */
    public String recipeName() {
        return recipeName != null ? recipeName : name().toLowerCase(Locale.ROOT);
    }

    /** Parses the name in a recipe, with or without the prefix {@code torch.}. */
    public static Optional<DType> fromRecipeName(String text) {
        String name = text.startsWith("torch.") ? text.substring("torch.".length()) : text;
        for (DType type : values()) {
            if (name.equals(type.recipeName)) {
                return Optional.of(type);
            }
        }
        return Optional.empty();
    }

    /** Parses the name in a safetensors header. */
    public static Optional<DType> fromName(String text) {
        for (DType type : values()) {
            if (type.safetensors() && type.name().equals(text)) {
                return Optional.of(type);
            }
        }
        return Optional.empty();
    }
}
