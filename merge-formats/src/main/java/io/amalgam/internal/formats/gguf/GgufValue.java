package io.amalgam.internal.formats.gguf;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;

/** A metadata value, with the type it is stored as, so that it can be written again unchanged. */
public sealed interface GgufValue {
    /** The type it is stored as. */
    GgufValueType type();

    /**
     * A whole number.
     *
     * @param value of {@link GgufValueType#U64} the bits
     */
    record Whole(GgufValueType type, long value) implements GgufValue {
        public Whole {
            if (!type.whole()) {
                throw new IllegalArgumentException("no whole numbers: " + type);
            }
        }
    }

    /** A floating-point number; of {@link GgufValueType#F32} widened. */
    record Real(GgufValueType type, double value) implements GgufValue {
        public Real {
            if (!type.real()) {
                throw new IllegalArgumentException("no floating-point numbers: " + type);
            }
        }
    }

    /** True or false. */
    record Flag(boolean value) implements GgufValue {
        @Override
        public GgufValueType type() {
            return GgufValueType.BOOL;
        }
    }

    /** A text; it may hold any characters. */
    record Text(String value) implements GgufValue {
        @Override
        public GgufValueType type() {
            return GgufValueType.STRING;
        }
    }

    /** An array of texts. */
    record Texts(List<String> values) implements GgufValue {
        public Texts {
            values = List.copyOf(values);
        }

        @Override
        public GgufValueType type() {
            return GgufValueType.ARRAY;
        }
    }

    /** An array of numbers or of true and false. */
    final class Numbers implements GgufValue {
        private final GgufValueType elementType;
        private final ByteBuffer data;

        /**
         * @param data little-endian, as files hold it; not copied
         */
        public Numbers(GgufValueType elementType, byte[] data) {
            if (elementType.bytes() == 0 || data.length % elementType.bytes() != 0) {
                throw new IllegalArgumentException(data.length + " bytes of " + elementType);
            }
            this.elementType = elementType;
            this.data = ByteBuffer.wrap(data).order(ByteOrder.LITTLE_ENDIAN);
        }

        /** 32-bit integers. */
        public static Numbers ofInts(int... values) {
            byte[] data = new byte[values.length * Integer.BYTES];
            ByteBuffer.wrap(data).order(ByteOrder.LITTLE_ENDIAN).asIntBuffer().put(values);
            return new Numbers(GgufValueType.I32, data);
        }

        /** 32-bit floats. */
        public static Numbers ofFloats(float... values) {
            byte[] data = new byte[values.length * Float.BYTES];
            ByteBuffer.wrap(data).order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer().put(values);
            return new Numbers(GgufValueType.F32, data);
        }

        @Override
        public GgufValueType type() {
            return GgufValueType.ARRAY;
        }

        public GgufValueType elementType() {
            return elementType;
        }

        public int size() {
            return data.capacity() / elementType.bytes();
        }

        /** The bytes as files hold them. */
        public ByteBuffer bytes() {
            return data.asReadOnlyBuffer().rewind().order(ByteOrder.LITTLE_ENDIAN);
        }

        /**
         * An element as a whole number; true is 1.
         *
         * @throws IllegalStateException if the elements are floating-point numbers
         */
        public long whole(int index) {
            int at = index * elementType.bytes();
            return switch (elementType) {
                case U8 -> data.get(at) & 0xFFL;
                case I8 -> data.get(at);
                case BOOL -> data.get(at) == 0 ? 0 : 1;
                case U16 -> data.getShort(at) & 0xFFFFL;
                case I16 -> data.getShort(at);
                case U32 -> data.getInt(at) & 0xFFFFFFFFL;
                case I32 -> data.getInt(at);
                case U64, I64 -> data.getLong(at);
                case F32, F64, STRING, ARRAY ->
                        throw new IllegalStateException("whole numbers of " + elementType);
            };
        }

        /** An element as a floating-point number. */
        public double real(int index) {
            int at = index * elementType.bytes();
            return switch (elementType) {
                case F32 -> data.getFloat(at);
                case F64 -> data.getDouble(at);
                case U8, I8, BOOL, U16, I16, U32, I32, U64, I64, STRING, ARRAY -> whole(index);
            };
        }
    }
}
