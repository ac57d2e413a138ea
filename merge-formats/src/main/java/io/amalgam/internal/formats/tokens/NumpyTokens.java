package io.amalgam.internal.formats.tokens;

import io.amalgam.error.BadInputException;
import io.amalgam.error.Problem;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Numbers of tokens from a file of NumPy's ({@code .npy}): whole numbers of one to eight bytes,
 * little-endian, in one row: rows of several may be texts of their own.
 */
public final class NumpyTokens {
    private static final byte[] MAGIC = {(byte) 0x93, 'N', 'U', 'M', 'P', 'Y'};
    private static final int VERSION = 6;
    private static final int PREFIX = 10;
    private static final int LONG_PREFIX = 12;
    private static final Pattern TYPE = Pattern.compile("'descr':\\s*'([^']*)'");
    private static final Pattern SHAPE = Pattern.compile("'shape':\\s*\\(([^)]*)\\)");
    private static final Map<String, Integer> BYTES =
            Map.of("|u1", 1, "|i1", 1, "<u2", 2, "<i2", 2, "<u4", 4, "<i4", 4, "<u8", 8, "<i8", 8);

    private NumpyTokens() {}

    /**
     * @throws BadInputException if the file holds something else
     * @throws IOException if it cannot be read
     */
    public static int[] read(Path file) throws IOException {
        return of(Files.readAllBytes(file), file.toString());
    }

    static int[] of(byte[] file, String name) {
        int prefix = file.length > VERSION && file[VERSION] == 1 ? PREFIX : LONG_PREFIX;
        if (file.length < prefix || !Arrays.equals(MAGIC, Arrays.copyOf(file, MAGIC.length))) {
            throw bad(name, "a NumPy array", "another file");
        }
        ByteBuffer bytes = ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN);
        long length =
                prefix == PREFIX
                        ? Short.toUnsignedLong(bytes.getShort(PREFIX - Short.BYTES))
                        : Integer.toUnsignedLong(bytes.getInt(LONG_PREFIX - Integer.BYTES));
        if (prefix + length > file.length) {
            throw bad(name, "a whole header", "one that is cut short");
        }
        String header = new String(file, prefix, (int) length, StandardCharsets.ISO_8859_1);
        String type = found(TYPE, header);
        Integer size = BYTES.get(type);
        if (size == null) {
            throw bad(name, "whole numbers, little-endian", "type '" + type + "'");
        }
        long stored = file.length - prefix - length;
        String shape = found(SHAPE, header);
        long wanted = elements(shape);
        if (wanted < 0 || wanted * size != stored) {
            throw bad(name, wanted + " numbers of " + size + " bytes", stored + " bytes");
        }
        if (shape.split(",").length > 1 && !shape.matches("(1, *)*" + wanted + "(, *1)*,?")) {
            throw bad(name, "one row of numbers", "an array of shape (" + shape + ")");
        }
        bytes.position((int) (prefix + length));
        int[] tokens = new int[(int) wanted];
        for (int i = 0; i < tokens.length; i++) {
            tokens[i] = token(bytes, type, name);
        }
        return tokens;
    }

    private static long elements(String shape) {
        long elements = 1;
        for (String dim : shape.split(",", -1)) {
            if (!dim.isBlank()) {
                try {
                    elements = Math.multiplyExact(elements, Long.parseLong(dim.strip()));
                } catch (NumberFormatException | ArithmeticException e) {
                    return -1;
                }
            }
        }
        return elements;
    }

    private static int token(ByteBuffer bytes, String type, String name) {
        long value =
                switch (type) {
                    case "|u1" -> bytes.get() & 0xff;
                    case "|i1" -> bytes.get();
                    case "<u2" -> bytes.getShort() & 0xffff;
                    case "<i2" -> bytes.getShort();
                    case "<u4" -> Integer.toUnsignedLong(bytes.getInt());
                    case "<i4" -> bytes.getInt();
                    default -> bytes.getLong();
                };
        if (value < 0 || value > Integer.MAX_VALUE) {
            throw bad(
                    name,
                    "numbers of tokens",
                    type.equals("<u8") ? Long.toUnsignedString(value) : value);
        }
        return (int) value;
    }

    private static String found(Pattern pattern, String header) {
        Matcher matcher = pattern.matcher(header);
        return matcher.find() ? matcher.group(1) : "";
    }

    private static BadInputException bad(String name, String expected, Object found) {
        return new BadInputException(
                Problem.expected("tokens '" + name + "'", expected, found)
                        .hint("save them with numpy.save as a flat array of int32"));
    }
}
