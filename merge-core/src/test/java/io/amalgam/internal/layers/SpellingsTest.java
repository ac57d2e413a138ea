package io.amalgam.internal.layers;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Both spellings of real architectures, as transformers 5.24 writes and as it holds them: {@code
 * tools/spellings.py} made the list.
 */
class SpellingsTest {
    /** By architecture, what the file says, with transformers' own name. */
    static Stream<Map<String, String>> architectures() throws IOException {
        Map<String, Map<String, String>> all = new LinkedHashMap<>();
        try (InputStream in =
                Objects.requireNonNull(SpellingsTest.class.getResourceAsStream("/spellings.tsv"))) {
            new String(in.readAllBytes(), StandardCharsets.UTF_8)
                    .lines()
                    .skip(1)
                    .map(line -> line.split("\t", -1))
                    .forEach(
                            row ->
                                    all.computeIfAbsent(row[0], unused -> new LinkedHashMap<>())
                                            .put(row[1], row[2]));
        }
        return all.values().stream();
    }

    @ParameterizedTest
    @MethodSource("architectures")
    void everyTensorHasItsPartnerBothWays(Map<String, String> names) {
        Set<String> live = new LinkedHashSet<>(names.values());
        Map<String, String> different = new LinkedHashMap<>(names);
        different.entrySet().removeIf(pair -> pair.getKey().equals(pair.getValue()));
        assertThat(NameMatcher.partners(live, names.keySet())).isEqualTo(different);
        Map<String, String> back = new LinkedHashMap<>();
        different.forEach((file, own) -> back.put(own, file));
        assertThat(NameMatcher.partners(names.keySet(), live)).isEqualTo(back);
    }

    @ParameterizedTest
    @MethodSource("architectures")
    void anAdaptersNamesAreFoundBothWays(Map<String, String> names) {
        NameMatcher files = new NameMatcher(names.keySet());
        NameMatcher live = new NameMatcher(names.values());
        names.forEach(
                (file, own) -> {
                    assertThat(files.find(own)).contains(file);
                    assertThat(live.find(file)).contains(own);
                });
    }
}
