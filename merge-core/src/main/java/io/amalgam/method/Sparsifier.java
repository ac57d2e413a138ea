package io.amalgam.method;

import io.amalgam.error.BadInputException;
import io.amalgam.error.Problem;
import java.util.List;
import java.util.function.Function;

/**
 * How a method thins out task vectors before it adds them: finds a mask for each, in as many stages
 * as that takes.
 */
interface Sparsifier {
    /**
     * @param others the inputs that have task vectors
     * @param then the stage that follows, given one mask for each of {@code others}
     */
    Stage masks(TensorCall call, List<Integer> others, Function<DeltaMask[], Stage> then);

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
                    } else if (density <= 0) {
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

    /** Keeps each element with probability density. */
    Sparsifier RANDOM =
            (call, others, then) -> {
                DeltaMask[] masks = new DeltaMask[others.size()];
                for (int m = 0; m < masks.length; m++) {
                    double density = density(call, others.get(m));
                    if (density < 0) {
                        throw new BadInputException(
                                Problem.expected(
                                                "parameter 'density' of model '"
                                                        + call.inputs().get(others.get(m)).model()
                                                        + "'",
                                                "a share from 0 to 1",
                                                density)
                                        .hint("1 keeps every element, 0.1 a tenth of them"));
                    }
                    masks[m] =
                            density >= 1
                                    ? DeltaMask.ALL
                                    : DeltaMask.random(call.randomKey(others.get(m)), density);
                }
                return then.apply(masks);
            };

    private static double density(TensorCall call, int input) {
        return call.number(input, "density");
    }
}
