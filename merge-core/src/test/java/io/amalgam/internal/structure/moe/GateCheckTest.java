package io.amalgam.internal.structure.moe;

import static org.assertj.core.api.Assertions.assertThat;

import io.amalgam.internal.recipe.MoeRecipe.GateMode;
import java.util.Collections;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class GateCheckTest {
    private static final float[] EAST = {1, 0, 0};
    private static final float[] NORTH = {0, 1, 0};
    private static final float[] NEARLY_EAST = {0.99999f, 0.004f, 0};

    private static List<String> said(GateCheck check, float[][][] rows, boolean[][] vanished) {
        return check.problems(rows, vanished).stream().map(Object::toString).toList();
    }

    private static boolean[][] none(float[][][] rows) {
        return new boolean[rows.length][rows[0].length];
    }

    @Test
    void differentRowsAreGood() {
        float[][][] rows = {{EAST, NORTH}, {NORTH, EAST}};
        assertThat(said(new GateCheck(List.of("a", "b"), 2, GateMode.HIDDEN), rows, none(rows)))
                .isEmpty();
    }

    @Test
    void nearlyTheSameRowsAreNamedWithTheirLayers() {
        float[][][] rows = {{EAST, EAST}, {EAST, NEARLY_EAST}, {EAST, NORTH}, {NEARLY_EAST, EAST}};
        assertThat(said(new GateCheck(List.of("a", "b"), 2, GateMode.HIDDEN), rows, none(rows)))
                .containsExactly(
                        "gates of a and b: expected different directions, got a cosine of 1.000000 in layers 0-1, 3; the router cannot choose between them there: give prompts that differ more, and end differently");
    }

    @Test
    void oppositeRowsAndSharedExpertsAreNoMatter() {
        float[][][] rows = {{EAST, {-1, 0, 0}, EAST}};
        GateCheck check = new GateCheck(List.of("a", "b", "shared"), 2, GateMode.CHEAP_EMBED);
        assertThat(said(check, rows, none(rows))).isEmpty();
    }

    @Test
    void rowsOfNothingAreNamedOnce() {
        float[][][] rows = {{EAST, EAST}, {EAST, EAST}};
        boolean[][] vanished = {{false, true}, {true, true}};
        assertThat(said(new GateCheck(List.of("a", "b"), 2, GateMode.HIDDEN_AVG), rows, vanished))
                .containsExactly(
                        "gate of a: expected a direction, got nearly nothing in layer 1; its rows there are rounding noise: give negative prompts that are further from its positive ones, or none",
                        "gate of b: expected a direction, got nearly nothing in layers 0-1; its rows there are rounding noise: give negative prompts that are further from its positive ones, or none");
    }

    @Test
    void manyPairsAreCounted() {
        List<String> names = IntStream.range(0, 6).mapToObj(i -> "e" + i).toList();
        float[][][] rows = {Collections.nCopies(6, EAST).toArray(float[][]::new)};
        assertThat(said(new GateCheck(names, 6, GateMode.CHEAP_EMBED), rows, none(rows)))
                .hasSize(11)
                .last()
                .isEqualTo("gates of 5 more pairs of experts are nearly the same");
    }
}
