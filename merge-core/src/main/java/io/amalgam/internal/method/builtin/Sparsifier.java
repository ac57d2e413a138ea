package io.amalgam.internal.method.builtin;

import io.amalgam.error.BadInputException;
import io.amalgam.error.Problem;
import io.amalgam.internal.method.select.DeltaMask;
import io.amalgam.internal.method.select.MagnitudeBand;
import io.amalgam.internal.method.select.MagnitudeCut;
import io.amalgam.internal.method.select.RankedMask;
import io.amalgam.internal.method.select.Ranking;
import io.amalgam.internal.method.select.TopMagnitudes;
import io.amalgam.method.TensorCall;
import io.amalgam.method.TensorStep;
import java.util.List;
import java.util.function.Function;

/**
 * The pruning of task vectors before they are added: finds a mask for each, in as many steps as
 * needed.
 */
interface Sparsifier {
    /**
     * @param others the inputs that have task vectors
     * @param then the stage that follows, given one mask for each of {@code others}
     */
    TensorStep masks(TensorCall call, List<Integer> others, Function<DeltaMask[], TensorStep> then);

    /** Keeps everything. */
    Sparsifier NONE =
            (call, others, then) -> {
                DeltaMask[] masks = new DeltaMask[others.size()];
                java.util.Arrays.fill(masks, DeltaMask.ALL);
                return then.apply(masks);
            };

    /**
     * Keeps the {@code max(1, trunc(density * n))} largest magnitudes of each tensor, ties lowest
     * index first.
     */
    Sparsifier MAGNITUDE =
            (call, others, then) -> {
                DeltaMask[] masks = new DeltaMask[others.size()];
                TopMagnitudes search = new TopMagnitudes(call.elements());
                for (int m = 0; m < masks.length; m++) {
                    double density = density(call, others.get(m));
                    if (density >= 1) {
                        masks[m] = DeltaMask.ALL;
                    } else if (density <= 0 || call.elements() == 0) {
                        masks[m] = DeltaMask.NONE;
                    } else {
                        long k = Math.max(1, (long) (density * call.elements()));
                        int slot = m;
                        Ranking delta = new Ranking.Delta(others.get(m), call.base());
                        search.add(delta, k, cut -> masks[slot] = cut);
                    }
                }
                return search.then(() -> then.apply(masks));
            };

    /**
     * Keeps {@code trunc(density * n)} magnitudes of each tensor, from the largest after the {@code
     * trunc(gamma * n)} very largest are dropped; fewer are dropped where too few would be left. Of
     * equal magnitudes, those at the lowest indices count as the larger.
     */
    Sparsifier MAGNITUDE_OUTLIERS =
            (call, others, then) -> {
                long n = call.elements();
                DeltaMask[] masks = new DeltaMask[others.size()];
                MagnitudeCut[] outliers = new MagnitudeCut[masks.length];
                MagnitudeCut[] kept = new MagnitudeCut[masks.length];
                TopMagnitudes search = new TopMagnitudes(n);
                for (int m = 0; m < masks.length; m++) {
                    int slot = m;
                    int input = others.get(m);
                    double density = density(call, input);
                    long target = (long) (density * n);
                    if (density >= 1 || target <= 0) {
                        masks[m] = density >= 1 ? DeltaMask.ALL : DeltaMask.NONE;
                        continue;
                    }
                    long dropped = Math.min((long) (call.number(input, "gamma") * n), n - target);
                    Ranking delta = new Ranking.Delta(input, call.base());
                    if (dropped > 0) {
                        search.add(delta, dropped, cut -> outliers[slot] = cut);
                    }
                    if (dropped + target < n) {
                        search.add(delta, dropped + target, cut -> kept[slot] = cut);
                    } else {
                        kept[m] = new MagnitudeCut(0, n);
                    }
                }
                return search.then(
                        () -> {
                            for (int m = 0; m < masks.length; m++) {
                                if (kept[m] != null) {
                                    masks[m] =
                                            outliers[m] == null
                                                    ? kept[m]
                                                    : new MagnitudeBand(kept[m], outliers[m]);
                                }
                            }
                            return then.apply(masks);
                        });
            };

    /** Keeps each element with probability density. */
    Sparsifier RANDOM =
            (call, others, then) -> {
                DeltaMask[] masks = new DeltaMask[others.size()];
                for (int m = 0; m < masks.length; m++) {
                    double density = share(call, others.get(m));
                    if (density >= 1) {
                        masks[m] = DeltaMask.ALL;
                    } else if (Math.rint(density * 0x1p32) == 0) {
                        // No random word is so small; 1 over the density may be infinite.
                        masks[m] = DeltaMask.NONE;
                    } else {
                        masks[m] = DeltaMask.random(call.randomKey(others.get(m)), density);
                    }
                }
                return then.apply(masks);
            };

    /**
     * Keeps each element with a probability near density that depends on its rank within its row:
     * see {@link RankedMask}.
     */
    Sparsifier RANKED =
            (call, others, then) -> {
                DeltaMask[] masks = new DeltaMask[others.size()];
                for (int m = 0; m < masks.length; m++) {
                    int input = others.get(m);
                    double density = share(call, input);
                    if (density >= 1 || density <= 0) {
                        masks[m] = density >= 1 ? DeltaMask.ALL : DeltaMask.NONE;
                        continue;
                    }
                    double epsilon = call.number(input, "epsilon");
                    if (!(density - epsilon > 0 && density + epsilon < 1)) {
                        throw new BadInputException(
                                Problem.expected(
                                                of("epsilon", call, input),
                                                "less than %s, so that the probabilities density - epsilon and density + epsilon are between 0 and 1"
                                                        .formatted(
                                                                (float)
                                                                        Math.min(
                                                                                density,
                                                                                1 - density)),
                                                epsilon)
                                        .hint("take a smaller 'epsilon' or another 'density'"));
                    }
                    masks[m] =
                            RankedMask.of(
                                    call.randomKey(input), density, epsilon, call.output().shape());
                }
                return then.apply(masks);
            };

    private static double density(TensorCall call, int input) {
        return call.number(input, "density");
    }

    /** The density where it is a probability. */
    private static double share(TensorCall call, int input) {
        double density = density(call, input);
        if (density < 0) {
            throw new BadInputException(
                    Problem.expected(of("density", call, input), "a share from 0 to 1", density)
                            .hint("1 keeps every element, 0.1 a tenth of them"));
        }
        return density;
    }

    private static String of(String parameter, TensorCall call, int input) {
        return "parameter '" + parameter + "' of model '" + call.inputs().get(input).model() + "'";
    }
}
