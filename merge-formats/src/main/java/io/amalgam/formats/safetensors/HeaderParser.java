package io.amalgam.formats.safetensors;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonLocation;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import io.amalgam.formats.safetensors.SafetensorsException.Rule;
import io.amalgam.internal.formats.files.FileText;
import io.amalgam.tensor.DType;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The structure half of the validator: JSON text to entries whose fields are all there and of the
 * right type. What the numbers mean is checked by {@link SafetensorsHeader}. Keys are compared
 * here, not by the JSON library, so that a breach can be named.
 */
final class HeaderParser {
    /**
     * No library stores a tensor of more than 64; the limit keeps a hostile shape from filling the
     * heap.
     */
    static final int MAX_RANK = 256;

    /** Levels of fields that are not read; the reference has the same limit. */
    private static final int MAX_DEPTH = 127;

    /** Advice of the JSON library to those who call it. */
    private static final Pattern ASIDE =
            Pattern.compile(
                    "(?s), from `[^`]*`| \\((start marker|for \\w+ starting|not recognized).*|\n.*");

    private static final String METADATA = "__metadata__";

    // Tensor names differ from file to file: caching them for the life of the process, or failing
    // when many hash alike, helps nobody.
    private static final JsonFactory JSON =
            JsonFactory.builder()
                    .disable(JsonFactory.Feature.INTERN_FIELD_NAMES)
                    .disable(JsonFactory.Feature.FAIL_ON_SYMBOL_HASH_OVERFLOW)
                    .streamReadConstraints(limits())
                    .build();

    private final HeaderViolations breach;
    private final JsonParser json;
    private final Map<String, RawTensor> tensors = new LinkedHashMap<>();
    private @Nullable Map<String, String> metadata;

    private static StreamReadConstraints limits() {
        StreamReadConstraints.Builder limits =
                StreamReadConstraints.builder()
                        .maxNestingDepth(MAX_DEPTH)
                        .maxStringLength(SafetensorsHeader.MAX_LENGTH);
        try {
            limits.maxNameLength(SafetensorsHeader.MAX_LENGTH);
        } catch (NoSuchMethodError e) {
            // Jackson 2.15 does not limit the length of names.
        }
        return limits.build();
    }

    /** A tensor's entry as it is written, at {@code at} bytes from the start of the file. */
    public record RawTensor(DType dtype, long[] shape, long begin, long end, long at) {}

    public record Parsed(Map<String, RawTensor> tensors, Map<String, String> metadata) {}

    private HeaderParser(HeaderViolations breach, JsonParser json) {
        this.breach = breach;
        this.json = json;
    }

    /**
     * @param header valid UTF-8 without NUL, so that the JSON library cannot take it for another
     *     encoding
     */
    public static Parsed parse(HeaderViolations breach, byte[] header) {
        try (JsonParser json = JSON.createParser(header)) {
            HeaderParser parser = new HeaderParser(breach, json);
            try {
                return parser.header();
            } catch (JsonProcessingException e) {
                throw parser.notJson(e);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private Parsed header() throws IOException {
        json.nextToken();
        while (json.nextToken() == JsonToken.FIELD_NAME) {
            String name = text();
            if (name.equals(METADATA)) {
                if (metadata != null) {
                    throw duplicateField(METADATA, "the header");
                }
                json.nextToken();
                metadata = metadata();
            } else {
                if (tensors.containsKey(name)) {
                    throw at(
                            Rule.DUPLICATE_TENSOR,
                            "tensor " + FileText.quote(name),
                            "one entry",
                            "two");
                }
                long entry = offset();
                json.nextToken();
                tensors.put(name, tensor("tensor " + FileText.quote(name), entry));
            }
        }
        if (json.nextToken() != null) {
            throw at(Rule.NOT_JSON, "header", "nothing but spaces after the JSON object", found());
        }
        return new Parsed(tensors, metadata == null ? Map.of() : metadata);
    }

    private Map<String, String> metadata() throws IOException {
        Map<String, String> entries = new LinkedHashMap<>();
        if (json.currentToken() == JsonToken.VALUE_NULL) {
            return entries;
        }
        require(JsonToken.START_OBJECT, "metadata", "an object");
        while (json.nextToken() == JsonToken.FIELD_NAME) {
            String key = text();
            if (entries.containsKey(key)) {
                throw duplicateField(key, "the metadata");
            }
            if (json.nextToken() != JsonToken.VALUE_STRING) {
                throw at(
                        Rule.METADATA_NOT_STRING,
                        "metadata " + FileText.quote(key),
                        "a string",
                        found());
            }
            entries.put(key, text());
        }
        return entries;
    }

    private RawTensor tensor(String what, long entry) throws IOException {
        require(JsonToken.START_OBJECT, what, "an object");
        DType dtype = null;
        long[] shape = null;
        long[] offsets = null;
        while (json.nextToken() == JsonToken.FIELD_NAME) {
            String field = text();
            boolean twice =
                    switch (field) {
                        case "dtype" -> dtype != null;
                        case "shape" -> shape != null;
                        case "data_offsets" -> offsets != null;
                        default -> false;
                    };
            if (twice) {
                throw duplicateField(field, what);
            }
            json.nextToken();
            switch (field) {
                case "dtype" -> dtype = dtype(what);
                case "data_offsets" -> offsets = offsets(what);
                case "shape" ->
                        shape =
                                counts(
                                        what + ", shape",
                                        MAX_RANK,
                                        Rule.TOO_MANY_DIMENSIONS,
                                        "at most " + MAX_RANK + " dimensions");
                default -> skip(what + ", field " + FileText.quote(field));
            }
        }
        if (dtype == null || shape == null || offsets == null) {
            String missing = dtype == null ? "dtype" : shape == null ? "shape" : "data_offsets";
            throw breach.at(entry, Rule.MISSING_FIELD, what, "the field '" + missing + "'", "none");
        }
        return new RawTensor(dtype, shape, offsets[0], offsets[1], entry);
    }

    /** A field that the format does not have: a note of whoever wrote the file. */
    private void skip(String what) throws IOException {
        int depth = 0;
        do {
            JsonToken token = json.currentToken();
            if (token.isStructStart()) {
                depth++;
            } else if (token.isStructEnd()) {
                depth--;
            } else if (token == JsonToken.VALUE_STRING || token == JsonToken.FIELD_NAME) {
                text();
            } else if (token.isNumeric() && Double.isInfinite(json.getDoubleValue())) {
                throw at(
                        Rule.NOT_JSON,
                        what,
                        "numbers that float64 holds",
                        FileText.printable(json.getText()));
            }
        } while (depth > 0 && json.nextToken() != null);
    }

    private DType dtype(String what) throws IOException {
        require(JsonToken.VALUE_STRING, what + ", dtype", "a string");
        String name = text();
        Optional<DType> dtype = DType.fromName(name);
        return dtype.orElseThrow(
                () ->
                        at(
                                Rule.UNKNOWN_DTYPE,
                                what + ", dtype",
                                "one of "
                                        + Arrays.stream(DType.values())
                                                .filter(DType::safetensors)
                                                .toList(),
                                FileText.quote(name)));
    }

    private long[] offsets(String what) throws IOException {
        long[] offsets = counts(what + ", data_offsets", 2, Rule.OFFSETS_NOT_A_PAIR, "two numbers");
        if (offsets.length != 2) {
            throw at(
                    Rule.OFFSETS_NOT_A_PAIR,
                    what + ", data_offsets",
                    "two numbers",
                    offsets.length);
        }
        return offsets;
    }

    private long[] counts(String what, int limit, Rule tooMany, String expected)
            throws IOException {
        require(JsonToken.START_ARRAY, what, "a list of whole numbers");
        long[] counts = new long[2];
        int n = 0;
        while (json.nextToken() != JsonToken.END_ARRAY) {
            long count = count(what);
            if (n == limit) {
                throw at(tooMany, what, expected, "more");
            }
            if (n == counts.length) {
                counts = Arrays.copyOf(counts, 2 * n);
            }
            counts[n++] = count;
        }
        return Arrays.copyOf(counts, n);
    }

    private long count(String what) throws IOException {
        JsonToken token = json.currentToken();
        if (token == JsonToken.VALUE_NUMBER_FLOAT
                || (token == JsonToken.VALUE_NUMBER_INT && json.getText().startsWith("-"))) {
            throw at(
                    Rule.NOT_A_COUNT,
                    what,
                    "whole numbers of at least 0",
                    FileText.printable(json.getText()));
        }
        require(JsonToken.VALUE_NUMBER_INT, what, "whole numbers");
        if (json.getNumberType() == JsonParser.NumberType.BIG_INTEGER) {
            throw at(
                    Rule.NUMBER_TOO_LARGE,
                    what,
                    "numbers of at most " + Long.MAX_VALUE,
                    FileText.printable(json.getText()));
        }
        return json.getLongValue();
    }

    /**
     * The current name or string, which must be one that UTF-8 can hold: of names the JSON library
     * makes sure itself.
     */
    private String text() throws IOException {
        String text = json.getText();
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (!Character.isSurrogate(c)) {
                continue;
            }
            if (Character.isHighSurrogate(c)
                    && i + 1 < text.length()
                    && Character.isLowSurrogate(text.charAt(i + 1))) {
                i++;
            } else {
                throw at(
                        Rule.NOT_JSON,
                        "string " + FileText.quote(text),
                        "whole characters",
                        "half a surrogate pair");
            }
        }
        return text;
    }

    private void require(JsonToken type, String what, String expected) throws IOException {
        if (json.currentToken() != type) {
            throw at(Rule.WRONG_TYPE, what, expected, found());
        }
    }

    private String found() throws IOException {
        JsonToken token = json.currentToken();
        return switch (token) {
            case START_OBJECT -> "an object";
            case START_ARRAY -> "a list";
            case VALUE_STRING -> "the string " + FileText.quote(json.getText());
            default -> FileText.printable(String.valueOf(json.getText()));
        };
    }

    private SafetensorsException duplicateField(String field, String where) {
        return at(
                Rule.DUPLICATE_FIELD,
                "field " + FileText.quote(field) + " of " + where,
                "one",
                "two");
    }

    private SafetensorsException at(Rule rule, String what, Object expected, Object found) {
        return breach.at(offset(), rule, what, expected, found);
    }

    /** Of the current token, from the start of the file. */
    private long offset() {
        return SafetensorsHeader.PREFIX + json.currentTokenLocation().getByteOffset();
    }

    private SafetensorsException notJson(JsonProcessingException e) {
        JsonLocation place = e.getLocation() == null ? json.currentLocation() : e.getLocation();
        String reason = ASIDE.matcher(e.getOriginalMessage()).replaceAll("");
        return breach.at(
                SafetensorsHeader.PREFIX + Math.max(0, place.getByteOffset()),
                Rule.NOT_JSON,
                "header",
                "a JSON object",
                "an error: "
                        + FileText.printable(
                                Character.toLowerCase(reason.charAt(0)) + reason.substring(1)));
    }
}
