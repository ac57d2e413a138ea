package io.amalgam.internal.formats.gguf;

import io.amalgam.error.BadInputException;
import io.amalgam.error.Problem;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalLong;

/**
 * The keys of a GGUF file, in the order of the file. A key of another type than is asked for counts
 * as absent.
 */
public record GgufMetadata(Map<String, GgufValue> values) {
    /** The key that names the architecture, which is the beginning of most other keys. */
    public static final String ARCHITECTURE = "general.architecture";

    public GgufMetadata {
        values = Collections.unmodifiableMap(new LinkedHashMap<>(values));
    }

    /** The architecture as llama.cpp calls it; empty if the file does not say. */
    public Optional<String> architecture() {
        return text(ARCHITECTURE);
    }

    public boolean has(String key) {
        return values.containsKey(key);
    }

    public Optional<String> text(String key) {
        return values.get(key) instanceof GgufValue.Text text
                ? Optional.of(text.value())
                : Optional.empty();
    }

    /** A whole number of any width that fits 63 bits. */
    public OptionalLong whole(String key) {
        return values.get(key) instanceof GgufValue.Whole whole
                        && !(whole.type() == GgufValueType.U64 && whole.value() < 0)
                ? OptionalLong.of(whole.value())
                : OptionalLong.empty();
    }

    /**
     * A floating-point number of any width.
     *
     * @throws BadInputException if it is none
     */
    public OptionalDouble real(String key) {
        if (!(values.get(key) instanceof GgufValue.Real real)) {
            return OptionalDouble.empty();
        }
        if (!Double.isFinite(real.value())) {
            throw new BadInputException(
                    Problem.expected("key '" + key + "'", "a finite number", real.value())
                            .hint("the file is damaged: get it again"));
        }
        return OptionalDouble.of(real.value());
    }

    public Optional<Boolean> flag(String key) {
        return values.get(key) instanceof GgufValue.Flag flag
                ? Optional.of(flag.value())
                : Optional.empty();
    }

    public Optional<List<String>> texts(String key) {
        return values.get(key) instanceof GgufValue.Texts texts
                ? Optional.of(texts.values())
                : Optional.empty();
    }

    public Optional<GgufValue.Numbers> numbers(String key) {
        return values.get(key) instanceof GgufValue.Numbers numbers
                ? Optional.of(numbers)
                : Optional.empty();
    }
}
