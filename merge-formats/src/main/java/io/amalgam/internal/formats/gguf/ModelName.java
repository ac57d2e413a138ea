package io.amalgam.internal.formats.gguf;

import java.math.BigDecimal;
import java.math.RoundingMode;
import java.util.Locale;

/** What a model is called in its file, made of the name of a folder or file. */
final class ModelName {
    private ModelName() {}

    /** Words with capitals: {@code Tiny Llama} of {@code tiny-llama}. */
    static String title(String name) {
        StringBuilder title = new StringBuilder();
        for (String word : name.split("-", -1)) {
            if (!word.isEmpty()) {
                title.append(title.isEmpty() ? "" : " ").append(capital(word));
            }
        }
        return title.isEmpty() ? name : title.toString();
    }

    /** Words that have capitals or numbers already stay as they are. */
    private static String capital(String word) {
        boolean plain = word.equals(word.toLowerCase(Locale.ROOT));
        return plain && Character.isLetter(word.charAt(0))
                ? word.substring(0, 1).toUpperCase(Locale.ROOT) + word.substring(1)
                : word;
    }

    /** The number of parameters in two digits: {@code 37K}, {@code 1.1B}. */
    static String size(long parameters) {
        double scaled = parameters;
        String unit = "K";
        double divisor = 1e3;
        if (parameters > 1e12) {
            unit = "T";
            divisor = 1e12;
        } else if (parameters > 1e9) {
            unit = "B";
            divisor = 1e9;
        } else if (parameters > 1e6) {
            unit = "M";
            divisor = 1e6;
        }
        scaled /= divisor;
        long rounded = (long) Math.rint(scaled);
        int digits = rounded == 0 ? 0 : Long.toString(rounded).length();
        return new BigDecimal(scaled)
                        .setScale(Math.max(0, 2 - digits), RoundingMode.HALF_EVEN)
                        .toPlainString()
                + unit;
    }
}
