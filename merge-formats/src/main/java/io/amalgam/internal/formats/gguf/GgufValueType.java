package io.amalgam.internal.formats.gguf;

import java.util.Locale;
import java.util.Optional;

/** Types of metadata values, with the number that files hold and the width of a value. */
public enum GgufValueType {
    U8(0, 1),
    I8(1, 1),
    U16(2, 2),
    I16(3, 2),
    U32(4, 4),
    I32(5, 4),
    F32(6, 4),
    BOOL(7, 1),
    STRING(8, 0),
    ARRAY(9, 0),
    U64(10, 8),
    I64(11, 8),
    F64(12, 8);

    private final int id;
    private final int bytes;

    GgufValueType(int id, int bytes) {
        this.id = id;
        this.bytes = bytes;
    }

    /** The number that files hold. */
    public int id() {
        return id;
    }

    /** Width of a value; 0 where widths differ. */
    public int bytes() {
        return bytes;
    }

    /** Whether values are whole numbers. */
    public boolean whole() {
        return bytes > 0 && !real() && this != BOOL;
    }

    /** Whether values are floating-point numbers. */
    public boolean real() {
        return this == F32 || this == F64;
    }

    /** The type with a number; empty if there is none. */
    public static Optional<GgufValueType> of(int id) {
        return id >= 0 && id < values().length ? Optional.of(values()[id]) : Optional.empty();
    }

    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT);
    }
}
