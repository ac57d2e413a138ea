package io.amalgam.internal.structure.moe;

import io.amalgam.error.Problem;
import io.amalgam.internal.recipe.MoeRecipe.GateMode;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * Rows of routers that cannot do their work: two experts' that are nearly the same, so that the
 * router cannot choose between them, and those whose direction is rounding noise because nearly
 * nothing was left of them.
 */
final class GateCheck {
    /** Cosine above which two rows are nearly the same: 0.8 degrees apart. */
    static final double SAME = 0.9999;

    /**
     * What is left after negative prompts are subtracted, as a share of the positive prompts'
     * statistic, below which it is noise: the precision of bfloat16.
     */
    static final double NOTHING = 1.0 / 128;

    private static final int SHOWN = 10;

    private final List<String> experts;
    private final int routed;
    private final GateMode mode;

    /**
     * @param experts what each row's expert is called
     * @param routed how many of them, from the first, compete with each other
     */
    GateCheck(List<String> experts, int routed, GateMode mode) {
        this.experts = List.copyOf(experts);
        this.routed = routed;
        this.mode = mode;
    }

    /**
     * @param rows [layers][experts], of length 1; one layer where all are the same
     * @param vanished whether nearly nothing was left of a row before it was given length 1
     */
    List<Problem> problems(float[][][] rows, boolean[][] vanished) {
        List<Problem> problems = new ArrayList<>();
        for (int e = 0; e < experts.size(); e++) {
            List<Integer> layers = new ArrayList<>();
            for (int layer = 0; layer < rows.length; layer++) {
                if (vanished[layer][e]) {
                    layers.add(layer);
                }
            }
            if (!layers.isEmpty()) {
                problems.add(vanished(e, layers));
            }
        }
        int alike = 0;
        for (int a = 0; a < routed; a++) {
            for (int b = a + 1; b < routed; b++) {
                List<Integer> layers = new ArrayList<>();
                double nearest = 0;
                for (int layer = 0; layer < rows.length; layer++) {
                    double cosine = cosine(rows[layer][a], rows[layer][b]);
                    if (cosine > SAME && !vanished[layer][a] && !vanished[layer][b]) {
                        layers.add(layer);
                        nearest = Math.max(nearest, cosine);
                    }
                }
                if (!layers.isEmpty() && alike++ < SHOWN) {
                    problems.add(alike(a, b, layers, nearest));
                }
            }
        }
        if (alike > SHOWN) {
            problems.add(
                    Problem.of(
                            "gates of "
                                    + (alike - SHOWN)
                                    + " more pairs of experts are nearly the same"));
        }
        return problems;
    }

    private Problem vanished(int expert, List<Integer> layers) {
        return Problem.expected(
                        "gate of " + experts.get(expert),
                        "a direction",
                        "nearly nothing in " + where(layers))
                .hint(
                        "its rows there are rounding noise: give negative prompts that are further from its positive ones, or none");
    }

    private Problem alike(int a, int b, List<Integer> layers, double cosine) {
        return Problem.expected(
                        "gates of " + experts.get(a) + " and " + experts.get(b),
                        "different directions",
                        String.format(Locale.ROOT, "a cosine of %.6f in %s", cosine, where(layers)))
                .hint(
                        "the router cannot choose between them there: give prompts that differ more"
                                + (mode == GateMode.HIDDEN ? ", and end differently" : ""));
    }

    /** As {@code layers 0-2, 5}. */
    private String where(List<Integer> layers) {
        if (mode == GateMode.CHEAP_EMBED) {
            return "all layers";
        }
        List<String> runs = new ArrayList<>();
        int first = 0;
        for (int i = 1; i <= layers.size(); i++) {
            if (i == layers.size() || layers.get(i) != layers.get(i - 1) + 1) {
                int last = layers.get(i - 1);
                runs.add(layers.get(first) == last ? "" + last : layers.get(first) + "-" + last);
                first = i;
            }
        }
        return (layers.size() == 1 ? "layer " : "layers ") + String.join(", ", runs);
    }

    private static double cosine(float[] a, float[] b) {
        double dot = 0;
        double left = 0;
        double right = 0;
        for (int i = 0; i < a.length; i++) {
            dot += (double) a[i] * b[i];
            left += (double) a[i] * a[i];
            right += (double) b[i] * b[i];
        }
        return dot / Math.max(Math.sqrt(left * right), Double.MIN_NORMAL);
    }
}
