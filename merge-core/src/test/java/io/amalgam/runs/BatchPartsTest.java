package io.amalgam.runs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.amalgam.internal.engine.InputFile;
import io.amalgam.internal.runs.RecipeTemplate;
import io.amalgam.internal.runs.Sweep;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Sweeps, templates and the order of a batch. */
class BatchPartsTest {
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            textBlock =
                    """
                    w=1                 | 1
                    w=0.1..0.7:0.2      | 0.1;0.3;0.5;0.7
                    w=0.1..0.65:0.2     | 0.1;0.3;0.5
                    w=1..3              | 1;2;3
                    w=-1..1:0.5,7       | -1;-0.5;0;0.5;1;7
                    w=1e-3..3e-3:1e-3   | 0.001;0.002;0.003
                    w=[1, 0.5],{a: b, c: d},x | [1, 0.5];{a: b, c: d};x
                    w=a..b              | a..b
                    """)
    void valuesAndRanges(String text, String values) {
        assertThat(Sweep.parse(text)).isEqualTo(new Sweep("w", List.of(values.split(";"))));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "w",
                "w=",
                "=1",
                "1w=1",
                "w=1,",
                "w=1..0:1",
                "w=0..1:0",
                "w=0..9:1e-9",
                "w=1,1"
            })
    void notASweep(String text) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Sweep.parse(text))
                .withMessageStartingWith("expected ")
                .withMessageContaining("'" + text + "'");
    }

    @Test
    void combinationsOfUsedNamesOnly() {
        List<Sweep> sweeps =
                List.of(
                        new Sweep("a", List.of("1", "2")),
                        new Sweep("unused", List.of("x", "y")),
                        new Sweep("b", List.of("3", "4")));
        assertThat(Sweep.combinations(sweeps, Set.of("a", "b")))
                .containsExactly(
                        Map.of("a", "1", "b", "3"),
                        Map.of("a", "1", "b", "4"),
                        Map.of("a", "2", "b", "3"),
                        Map.of("a", "2", "b", "4"));
        assertThat(Sweep.combinations(sweeps, Set.of())).containsExactly(Map.of());
    }

    @Test
    void placesAreFoundAndFilled() {
        RecipeTemplate template =
                new RecipeTemplate("t.yml", "a: ${x}\nb: [${y}, ${x}, $${z}]  # $x {x} ${1}\n");

        assertThat(template.names()).containsExactly("x", "y");
        assertThat(template.fill(Map.of("x", "$1", "y", "\\2")))
                .isEqualTo("a: $1\nb: [\\2, $1, ${z}]  # $x {x} ${1}\n");
        assertThat(template.unfilled(Set.of("x")))
                .singleElement()
                .hasToString(
                        "no value for '${y}' (t.yml:2:5); give 'Batch.sweep y=...', or write '$${y}' for the text itself");
    }

    @Test
    void namesOfFoldersAreHarmless() {
        Map<String, String> values = new LinkedHashMap<>();
        values.put("m", "../../models/a b");
        values.put("w", "[1, 0.5]");
        assertThat(BatchJobs.name(Path.of("dir/r.v2.yml"), values))
                .isEqualTo("r.v2_m=..-..-models-a-b_w=-1-0.5-");
    }

    @Test
    void mergesOfTheSameFilesFollowEachOther() {
        Map<String, List<InputFile>> inputs = new LinkedHashMap<>();
        inputs.put("first", List.of(file("a", 10), file("b", 10)));
        inputs.put("other", List.of(file("c", 10), file("d", 90)));
        inputs.put("half", List.of(file("b", 10), file("c", 10)));
        inputs.put("same", List.of(file("a", 10), file("b", 10)));
        inputs.put("failed", List.of());

        assertThat(BatchOrder.of(inputs))
                .containsExactly("first", "same", "half", "other", "failed");
    }

    private static InputFile file(String name, long bytes) {
        return new InputFile("m", Path.of(name), bytes, 0);
    }
}
