package io.amalgam.internal.plan;

import io.amalgam.tensor.TensorInfo;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * A SHA-256 over typed values: each with a byte for its type and, where it has one, its length. So
 * a digest depends on values alone, not on how a Java version prints a number or a class itself.
 */
final class PlanDigest {
    private final MessageDigest digest;
    private final ByteBuffer number = ByteBuffer.allocate(1 + Long.BYTES);

    PlanDigest() {
        try {
            digest = MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JDK has SHA-256", e);
        }
    }

    void bytes(byte[] bytes) {
        tagged('b', bytes.length);
        digest.update(bytes);
    }

    void text(String text) {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        tagged('t', bytes.length);
        digest.update(bytes);
    }

    void integer(long value) {
        tagged('i', value);
    }

    void real(double value) {
        tagged('r', Double.doubleToLongBits(value));
    }

    void tensor(TensorInfo info) {
        text(info.name());
        text(info.dtype().name());
        integer(info.shape().rank());
        for (long dim : info.shape().dims()) {
            integer(dim);
        }
    }

    /** By name, in the names' order. */
    void values(Map<String, Object> values) {
        integer(values.size());
        new TreeMap<>(values)
                .forEach(
                        (name, value) -> {
                            text(name);
                            value(value);
                        });
    }

    /** A parameter's value: a number, a truth value, a text, or a list of them. */
    private void value(Object value) {
        if (value instanceof Double real) {
            real(real);
        } else if (value instanceof Number integer) {
            integer(integer.longValue());
        } else if (value instanceof Boolean flag) {
            tagged('f', flag ? 1 : 0);
        } else if (value instanceof String text) {
            text(text);
        } else if (value instanceof List<?> list) {
            tagged('l', list.size());
            list.forEach(this::value);
        } else {
            throw new IllegalArgumentException("no parameter's value: " + value.getClass());
        }
    }

    private void tagged(char type, long value) {
        digest.update(number.clear().put((byte) type).putLong(value).flip());
    }

    /** The digest of all that was given, in hexadecimal. */
    String hex() {
        return HexFormat.of().formatHex(digest.digest());
    }
}
