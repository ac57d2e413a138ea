package io.amalgam.internal.formats.gguf;

import io.amalgam.tensor.DType;
import java.util.Optional;

/**
 * Element types of tensors in GGUF, by the numbers that files hold. Blocks run along the last axis;
 * a row is a whole number of them.
 */
public enum GgmlType {
    F32(0, DType.F32),
    F16(1, DType.F16),
    Q4_0(2, DType.Q4_0),
    Q4_1(3, DType.Q4_1),
    Q5_0(6, DType.Q5_0),
    Q5_1(7, DType.Q5_1),
    Q8_0(8, DType.Q8_0),
    Q8_1(9, DType.Q8_1),
    Q2_K(10, DType.Q2_K),
    Q3_K(11, DType.Q3_K),
    Q4_K(12, DType.Q4_K),
    Q5_K(13, DType.Q5_K),
    Q6_K(14, DType.Q6_K),
    Q8_K(15, DType.Q8_K),
    IQ2_XXS(16, DType.IQ2_XXS),
    IQ2_XS(17, DType.IQ2_XS),
    IQ3_XXS(18, DType.IQ3_XXS),
    IQ1_S(19, DType.IQ1_S),
    IQ4_NL(20, DType.IQ4_NL),
    IQ3_S(21, DType.IQ3_S),
    IQ2_S(22, DType.IQ2_S),
    IQ4_XS(23, DType.IQ4_XS),
    I8(24, DType.I8),
    I16(25, DType.I16),
    I32(26, DType.I32),
    I64(27, DType.I64),
    F64(28, DType.F64),
    IQ1_M(29, DType.IQ1_M),
    BF16(30, DType.BF16),
    TQ1_0(34, DType.TQ1_0),
    TQ2_0(35, DType.TQ2_0),
    MXFP4(39, DType.MXFP4),
    NVFP4(40, DType.NVFP4),
    Q1_0(41, DType.Q1_0),
    Q2_0(42, DType.Q2_0);

    private final int id;
    private final DType dtype;

    GgmlType(int id, DType dtype) {
        this.id = id;
        this.dtype = dtype;
    }

    /** The number that files hold. */
    public int id() {
        return id;
    }

    public int blockElements() {
        return dtype.blockElements();
    }

    /** Bytes of {@link #blockElements()} elements. */
    public int blockBytes() {
        return dtype.blockBytes();
    }

    /** The same type as merges know it. */
    public DType dtype() {
        return dtype;
    }

    /** The type with a number; empty if there is none. */
    public static Optional<GgmlType> of(int id) {
        for (GgmlType type : values()) {
            if (type.id == id) {
                return Optional.of(type);
            }
        }
        return Optional.empty();
    }

    /** A number that is none of these, for messages: types that llama.cpp had once have names. */
    static String unknown(int id) {
        return switch (id) {
            case 4 -> retired("Q4_2");
            case 5 -> retired("Q4_3");
            case 31 -> retired("Q4_0_4_4");
            case 32 -> retired("Q4_0_4_8");
            case 33 -> retired("Q4_0_8_8");
            case 36 -> retired("IQ4_NL_4_4");
            case 37 -> retired("IQ4_NL_4_8");
            case 38 -> retired("IQ4_NL_8_8");
            default -> "number " + Integer.toUnsignedString(id);
        };
    }

    private static String retired(String name) {
        return name + ", which llama.cpp has given up";
    }

    /** How a type is stored; empty for types that GGUF does not have. */
    public static Optional<GgmlType> of(DType dtype) {
        for (GgmlType type : values()) {
            if (type.dtype == dtype) {
                return Optional.of(type);
            }
        }
        return Optional.empty();
    }
}
