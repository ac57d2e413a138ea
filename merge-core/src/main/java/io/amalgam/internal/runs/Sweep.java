package io.amalgam.internal.runs;

import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A name with the values it takes: {@code weight=0.2,0.5}, or {@code weight=0.1..0.9:0.2} for
 * numbers from the first up to the second. Commas inside brackets are part of a value.
 */
public record Sweep(String name, List<String> values) {
    private static final Pattern FORM = Pattern.compile("([A-Za-z_][A-Za-z0-9_]*)=(.+)");
    private static final String NUMBER = "([-+]?(?:\\d+\\.?\\d*|\\.\\d+)(?:[eE][-+]?\\d{1,2})?)";
    private static final Pattern RANGE =
            Pattern.compile(NUMBER + "\\.\\." + NUMBER + "(?::" + NUMBER + ")?");

    /** More would be a slip. */
    public static final int MOST = 10_000;

    public Sweep {
        values = List.copyOf(values);
    }

    /**
     * @throws IllegalArgumentException with what is wrong, in words
     */
    public static Sweep parse(String text) {
        Matcher form = FORM.matcher(text);
        if (!form.matches()) {
            throw new IllegalArgumentException(
                    "expected name=value,value or name=first..last:step, got '" + text + "'");
        }
        List<String> values = new ArrayList<>();
        for (String part : split(form.group(2))) {
            Matcher range = RANGE.matcher(part);
            if (part.isEmpty()) {
                throw new IllegalArgumentException(
                        "expected values, got nothing in '" + text + "'");
            } else if (range.matches()) {
                values.addAll(range(range, text));
            } else {
                values.add(part);
            }
        }
        if (values.stream().distinct().count() < values.size()) {
            throw new IllegalArgumentException("expected each value once in '" + text + "'");
        }
        return new Sweep(form.group(1), values);
    }

    private static List<String> split(String text) {
        List<String> parts = new ArrayList<>();
        int depth = 0;
        int start = 0;
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            depth += c == '[' || c == '{' ? 1 : c == ']' || c == '}' ? -1 : 0;
            if (c == ',' && depth == 0) {
                parts.add(text.substring(start, i).strip());
                start = i + 1;
            }
        }
        parts.add(text.substring(start).strip());
        return parts;
    }

    /** In decimal numbers, so that 0.1 three times is 0.3. */
    private static List<String> range(Matcher range, String text) {
        BigDecimal first = new BigDecimal(range.group(1));
        BigDecimal last = new BigDecimal(range.group(2));
        BigDecimal step = range.group(3) == null ? BigDecimal.ONE : new BigDecimal(range.group(3));
        if (step.signum() <= 0 || first.compareTo(last) > 0) {
            throw new IllegalArgumentException(
                    "expected a range that goes up in steps above 0, got '" + text + "'");
        }
        List<String> values = new ArrayList<>();
        for (BigDecimal value = first; value.compareTo(last) <= 0; value = value.add(step)) {
            values.add(value.stripTrailingZeros().toPlainString());
            if (values.size() > MOST) {
                throw new IllegalArgumentException(
                        "expected at most " + MOST + " values, got more in '" + text + "'");
            }
        }
        return values;
    }

    /** Every combination of values for some of the names; the last name changes fastest. */
    public static List<Map<String, String>> combinations(List<Sweep> sweeps, Set<String> names) {
        List<Map<String, String>> all = List.of(Map.of());
        for (Sweep sweep : sweeps) {
            if (names.contains(sweep.name())) {
                List<Map<String, String>> longer = new ArrayList<>();
                for (Map<String, String> before : all) {
                    for (String value : sweep.values()) {
                        Map<String, String> with = new LinkedHashMap<>(before);
                        with.put(sweep.name(), value);
                        longer.add(with);
                    }
                }
                all = longer;
            }
        }
        return all;
    }
}
