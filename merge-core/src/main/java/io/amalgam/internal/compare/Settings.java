package io.amalgam.internal.compare;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.amalgam.checkpoint.Checkpoint;
import io.amalgam.internal.tokenizer.TokenDifference;
import java.io.IOException;
import java.math.BigDecimal;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;

/** What differs between models beside their tensors: configurations and other files. */
final class Settings {
    private static final String CONFIG = "config.json";
    private static final String PRESENT = "present";
    private static final ObjectMapper MAPPER = new ObjectMapper();

    /** Digits before or after the point of a number that is written out. */
    private static final int LONGEST = 20;

    private Settings() {}

    /**
     * Keys of config.json that are not the same in all models, in the order they stand there; the
     * file as a whole if a model has none.
     */
    static List<Setting> configs(List<Checkpoint> models) {
        if (models.stream().anyMatch(model -> model.config().isEmpty())) {
            List<Setting> whole = new ArrayList<>();
            add(whole, CONFIG, models.stream().map(m -> m.config().map(c -> PRESENT)).toList());
            return whole;
        }
        List<Map<String, String>> all = new ArrayList<>();
        Set<String> keys = new LinkedHashSet<>();
        for (Checkpoint model : models) {
            Map<String, String> flat = new LinkedHashMap<>();
            model.config().ifPresent(config -> flatten("", config, flat));
            keys.addAll(flat.keySet());
            all.add(flat);
        }
        List<Setting> different = new ArrayList<>();
        for (String key : keys) {
            add(
                    different,
                    key,
                    all.stream().map(flat -> Optional.ofNullable(flat.get(key))).toList());
        }
        return different;
    }

    private static void flatten(String path, JsonNode node, Map<String, String> flat) {
        if (node.isObject() && (path.isEmpty() || !node.isEmpty())) {
            String prefix = path.isEmpty() ? "" : path + ".";
            node.properties()
                    .forEach(field -> flatten(prefix + field.getKey(), field.getValue(), flat));
        } else {
            flat.put(path, node.isNumber() ? number(node) : node.toString());
        }
    }

    /** Equal numbers are written in one way: 1.0 and 1, 1e-6 and 0.000001. */
    private static String number(JsonNode node) {
        try {
            BigDecimal value = new BigDecimal(node.asText()).stripTrailingZeros();
            return Math.abs(value.scale()) < LONGEST ? value.toPlainString() : value.toString();
        } catch (NumberFormatException e) {
            return node.asText();
        }
    }

    /** Files beside the weights that are not the same in all models. */
    static List<Setting> files(List<Checkpoint> models) throws IOException {
        List<Map<String, Path>> all = new ArrayList<>();
        Set<String> names = new LinkedHashSet<>();
        for (Checkpoint model : models) {
            Map<String, Path> files = new LinkedHashMap<>();
            for (Path file : model.sideFiles()) {
                Path place = model.locate(file);
                if (Files.isRegularFile(place)) {
                    files.put(file.toString().replace('\\', '/'), place);
                }
            }
            names.addAll(files.keySet());
            all.add(files);
        }
        List<Setting> different = new ArrayList<>();
        for (String name : names) {
            List<Optional<Path>> places =
                    all.stream().map(files -> Optional.ofNullable(files.get(name))).toList();
            add(different, name, states(places));
        }
        return different;
    }

    /** What is said of each model's file: how it differs from the first there is. */
    private static List<Optional<String>> states(List<Optional<Path>> places) throws IOException {
        Path first = places.stream().flatMap(Optional::stream).findFirst().orElseThrow();
        List<Optional<String>> states = new ArrayList<>();
        for (Optional<Path> place : places) {
            states.add(
                    place.isEmpty()
                            ? Optional.empty()
                            : Optional.of(
                                    same(first, place.get())
                                            ? PRESENT
                                            : difference(first, place.get())));
        }
        return states;
    }

    private static boolean same(Path a, Path b) throws IOException {
        if (Files.mismatch(a, b) < 0) {
            return true;
        }
        String name = Objects.requireNonNull(a.getFileName()).toString();
        if (!name.endsWith(".json")) {
            return false;
        }
        try {
            return MAPPER.readTree(a.toFile()).equals(MAPPER.readTree(b.toFile()));
        } catch (com.fasterxml.jackson.core.JsonProcessingException e) {
            return false;
        }
    }

    private static String difference(Path a, Path b) throws IOException {
        String name = Objects.requireNonNull(a.getFileName()).toString();
        if (!TokenDifference.FILES.contains(name)) {
            return "differs";
        }
        return TokenDifference.between(a, b, Integer.MAX_VALUE)
                .map(
                        tokens ->
                                "differs in "
                                        + tokens.count()
                                        + (tokens.count() == 1 ? " token" : " tokens")
                                        + ", first id "
                                        + tokens.id()
                                        + ": "
                                        + token(tokens.second())
                                        + " for "
                                        + token(tokens.first()))
                .orElse("differs, with the same tokens");
    }

    private static String token(Optional<String> text) {
        return text.map(t -> "'" + t + "'").orElse("none");
    }

    private static void add(List<Setting> all, String name, List<Optional<String>> values) {
        if (values.stream().distinct().count() > 1) {
            all.add(new Setting(name, values));
        }
    }
}
