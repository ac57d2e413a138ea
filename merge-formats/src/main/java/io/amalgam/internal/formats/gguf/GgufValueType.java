package io.amalgam.internal.formats.gguf;

import java.util.Locale;
import java.util.Optional;

/** Types of metadata values; the number of each, as files hold it, is its place here. */
public enum GgufValueType {
    U8(1),
    I8(1),
    U16(2),
    I16(2),
    U32(4),
    I32(4),
    F32(4),
    BOOL(1),
    STRING(0),
    ARRAY(0),
    U64(8),
    I64(8),
    F64(8);

    private final int bytes;

    GgufValueType(int bytes) {
        this.bytes = bytes;
    }

    /** The number that files hold. */
    public int id() {
        return ordinal();
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
