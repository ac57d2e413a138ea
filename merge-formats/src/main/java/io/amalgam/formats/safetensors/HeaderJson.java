package io.amalgam.formats.safetensors;

import io.amalgam.tensor.TensorInfo;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Comparator;
import java.util.Map;
import java.util.TreeMap;

/**
 * Writes a header's JSON without any freedom of form: no spaces, keys in a fixed order, only what
 * must be escaped is.
 */
final class HeaderJson {
    private static final int PIECE = 1 << 13;

    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    private final StringBuilder json = new StringBuilder("{");
    private long length;

    void metadata(Map<String, String> metadata) {
        if (metadata.isEmpty()) {
            return;
        }
        Comparator<String> formatFirst = Comparator.comparing(key -> !key.equals("format"));
        Map<String, String> sorted =
                new TreeMap<>(formatFirst.thenComparing(HeaderJson::compareCodePoints));
        sorted.putAll(metadata);
        json.append("\"__metadata__\":{");
        sorted.forEach(
                (key, value) -> {
                    separate();
                    string(key);
                    json.append(':');
                    string(value);
                });
        json.append('}');
    }

    void tensor(TensorInfo tensor, long begin, long end) {
        separate();
        string(tensor.name());
        json.append(":{\"dtype\":\"").append(tensor.dtype().name()).append("\",\"shape\":[");
        for (int axis = 0; axis < tensor.shape().rank(); axis++) {
            json.append(axis == 0 ? "" : ",").append(tensor.shape().dim(axis));
        }
        json.append("],\"data_offsets\":[").append(begin).append(',').append(end).append("]}");
        if (json.length() > PIECE) {
            flush();
        }
    }

    /** Of a header of many megabytes there is one copy only; of one that is too long, none. */
    private void flush() {
        byte[] piece = json.toString().getBytes(StandardCharsets.UTF_8);
        length += piece.length;
        if (length <= SafetensorsHeader.MAX_LENGTH) {
            bytes.writeBytes(piece);
        }
        json.setLength(0);
    }

    private void separate() {
        if (json.length() == 0 || json.charAt(json.length() - 1) != '{') {
            json.append(',');
        }
    }

    private void string(String text) {
        json.append('"');
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (json.length() > PIECE && !Character.isLowSurrogate(c)) {
                flush();
            }
            switch (c) {
                case '"' -> json.append("\\\"");
                case '\\' -> json.append("\\\\");
                case '\b' -> json.append("\\b");
                case '\f' -> json.append("\\f");
                case '\n' -> json.append("\\n");
                case '\r' -> json.append("\\r");
                case '\t' -> json.append("\\t");
                default ->
                        json.append(
                                c < ' ' ? String.format("\\u%04x", (int) c) : String.valueOf(c));
            }
        }
        json.append('"');
    }

    /** Ends it; returns how many bytes it takes. */
    long finish() {
        json.append('}');
        flush();
        return length;
    }

    /** All of it, as UTF-8, once it is finished and found to be no longer than is read. */
    byte[] bytes() {
        return bytes.toByteArray();
    }

    /**
     * As UTF-8 bytes order. {@link String#compareTo} puts characters beyond U+FFFF before the last
     * of the others.
     */
    static int compareCodePoints(String a, String b) {
        int common = Math.min(a.length(), b.length());
        for (int i = 0; i < common; i++) {
            char x = a.charAt(i);
            char y = b.charAt(i);
            if (x != y) {
                boolean bothOrNeither = Character.isSurrogate(x) == Character.isSurrogate(y);
                return bothOrNeither ? Character.compare(x, y) : Character.isSurrogate(x) ? 1 : -1;
            }
        }
        return Integer.compare(a.length(), b.length());
    }
}
