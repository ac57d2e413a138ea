package io.amalgam.internal.formats.gguf;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** The keys of a file in the order they are written. A key that is set again keeps its place. */
final class KeyList {
    private final Map<String, GgufValue> values = new LinkedHashMap<>();

    KeyList whole(String key, long value) {
        return put(key, new GgufValue.Whole(GgufValueType.U32, value));
    }

    KeyList real(String key, double value) {
        return put(key, new GgufValue.Real(GgufValueType.F32, (float) value));
    }

    KeyList text(String key, String value) {
        return put(key, new GgufValue.Text(value));
    }

    KeyList flag(String key, boolean value) {
        return put(key, new GgufValue.Flag(value));
    }

    KeyList texts(String key, List<String> value) {
        return put(key, new GgufValue.Texts(value));
    }

    KeyList whole(String key, Optional<Long> value) {
        value.ifPresent(present -> whole(key, present));
        return this;
    }

    KeyList real(String key, Optional<Double> value) {
        value.ifPresent(present -> real(key, present));
        return this;
    }

    KeyList put(String key, GgufValue value) {
        values.put(key, value);
        return this;
    }

    GgufMetadata metadata() {
        return new GgufMetadata(values);
    }
}
