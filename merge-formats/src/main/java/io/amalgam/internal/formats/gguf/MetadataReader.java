package io.amalgam.internal.formats.gguf;

import static io.amalgam.internal.formats.files.FileText.quote;

import io.amalgam.error.Problem;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Reads the keys of a GGUF file. Vocabularies are large, and merges do without them: long arrays
 * can be left out.
 */
final class MetadataReader {
    /** Elements of the longest array that is always kept. */
    private static final int SHORT = 64;

    /** Bytes of the shortest key with its value. */
    static final int SHORTEST = 8 + 4 + 1;

    private final HeaderBytes bytes;
    private final boolean vocabulary;

    /**
     * @param vocabulary whether long arrays are kept
     */
    MetadataReader(HeaderBytes bytes, boolean vocabulary) {
        this.bytes = bytes;
        this.vocabulary = vocabulary;
    }

    GgufMetadata read(int count) throws IOException {
        Map<String, GgufValue> values = new LinkedHashMap<>();
        Set<String> leftOut = new HashSet<>();
        for (int i = 0; i < count; i++) {
            long at = bytes.position();
            String key = bytes.text("name of key " + i);
            if (values.containsKey(key) || leftOut.contains(key)) {
                throw bytes.bad(
                        Problem.expected("key " + quote(key), "one value", "a second one"), at);
            }
            Optional<GgufValue> value = value(key);
            value.ifPresentOrElse(v -> values.put(key, v), () -> leftOut.add(key));
        }
        return new GgufMetadata(values);
    }

    /** Empty for a long array that is left out. */
    private Optional<GgufValue> value(String key) throws IOException {
        GgufValueType type = type("value of key " + quote(key));
        String what = "value of key " + quote(key);
        if (type == GgufValueType.ARRAY) {
            return array(key);
        }
        return Optional.of(
                switch (type) {
                    case BOOL -> new GgufValue.Flag(flag(key));
                    case STRING -> new GgufValue.Text(bytes.text(what));
                    case F32 -> new GgufValue.Real(type, Float.intBitsToFloat(bytes.u32(what)));
                    case F64 -> new GgufValue.Real(type, Double.longBitsToDouble(bytes.u64(what)));
                    case U8, I8, U16, I16, U32, I32, U64, I64 ->
                            new GgufValue.Whole(
                                    type,
                                    new GgufValue.Numbers(type, bytes.bytes(type.bytes(), what))
                                            .whole(0));
                    case ARRAY -> throw new IllegalStateException("an array is no single value");
                });
    }

    private Optional<GgufValue> array(String key) throws IOException {
        GgufValueType type = type("elements of key " + quote(key));
        String what = "array of key " + quote(key);
        if (type == GgufValueType.ARRAY) {
            throw bytes.bad(
                    Problem.expected(what, "numbers or texts", "arrays, which no model needs"),
                    bytes.position());
        }
        return type == GgufValueType.STRING ? texts(key, what) : numbers(type, what);
    }

    private Optional<GgufValue> numbers(GgufValueType type, String what) throws IOException {
        int count = bytes.count("length of " + what, type.bytes());
        if (isLeftOut(count)) {
            bytes.skip(count * type.bytes(), what);
            return Optional.empty();
        }
        return Optional.of(new GgufValue.Numbers(type, bytes.bytes(count * type.bytes(), what)));
    }

    private Optional<GgufValue> texts(String key, String what) throws IOException {
        int count = bytes.count("length of " + what, Long.BYTES);
        String one = "text in key " + quote(key);
        if (isLeftOut(count)) {
            for (int i = 0; i < count; i++) {
                bytes.skip(bytes.count("length of " + one, 1), one);
            }
            return Optional.empty();
        }
        List<String> texts = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            texts.add(bytes.text(one));
        }
        return Optional.of(new GgufValue.Texts(texts));
    }

    private boolean isLeftOut(int count) {
        return !vocabulary && count > SHORT;
    }

    private GgufValueType type(String what) throws IOException {
        long at = bytes.position();
        int id = bytes.u32("type of " + what);
        return GgufValueType.of(id)
                .orElseThrow(
                        () ->
                                bytes.bad(
                                        Problem.expected(
                                                "type of " + what,
                                                "a number from 0 to 12",
                                                Integer.toUnsignedString(id)),
                                        at));
    }

    private boolean flag(String key) throws IOException {
        long at = bytes.position();
        byte value = bytes.u8("value of key " + quote(key));
        if (value != 0 && value != 1) {
            throw bytes.bad(
                    Problem.expected("value of key " + quote(key), "0 or 1", value & 0xFF), at);
        }
        return value == 1;
    }
}
