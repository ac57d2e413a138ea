package io.amalgam.cli.options;

import java.math.BigDecimal;
import java.math.RoundingMode;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/**
 * A number of bytes as users write it: {@code 5B} is five thousand million, as for mergekit; {@code
 * 512MB}, {@code 2GiB}.
 */
public record ByteSize(long bytes) {
    private static final Pattern FORM = Pattern.compile("(\\d{1,18}(?:\\.\\d{1,9})?) ?([a-z]*)");
    private static final Map<String, Long> UNITS =
            Map.ofEntries(
                    Map.entry("", 1L),
                    Map.entry("k", 1_000L),
                    Map.entry("m", 1_000_000L),
                    Map.entry("b", 1_000_000_000L),
                    Map.entry("g", 1_000_000_000L),
                    Map.entry("t", 1_000_000_000_000L),
                    Map.entry("kb", 1_000L),
                    Map.entry("mb", 1_000_000L),
                    Map.entry("gb", 1_000_000_000L),
                    Map.entry("tb", 1_000_000_000_000L),
                    Map.entry("kib", 1L << 10),
                    Map.entry("mib", 1L << 20),
                    Map.entry("gib", 1L << 30),
                    Map.entry("tib", 1L << 40));

    /**
     * Reads a size; empty if it is none, or not a whole number of bytes, or too large for a long.
     */
    public static Optional<ByteSize> parse(String text) {
        Matcher matcher = FORM.matcher(text.strip().toLowerCase(Locale.ROOT));
        if (!matcher.matches() || !UNITS.containsKey(matcher.group(2))) {
            return Optional.empty();
        }
        BigDecimal unit = BigDecimal.valueOf(UNITS.get(matcher.group(2)));
        try {
            BigDecimal bytes = new BigDecimal(matcher.group(1)).multiply(unit);
            return Optional.of(
                    new ByteSize(bytes.setScale(0, RoundingMode.UNNECESSARY).longValueExact()));
        } catch (ArithmeticException e) {
            return Optional.empty();
        }
    }

    /** Written out: the one Java makes takes 30 ms the first time, and the parser asks for it. */
    @Override
    public String toString() {
        return Long.toString(bytes);
    }

    public static final class Converter implements ITypeConverter<ByteSize> {
        @Override
        public ByteSize convert(String value) {
            return parse(value)
                    .orElseThrow(() -> new TypeConversionException("not a number of bytes"));
        }
    }
}
