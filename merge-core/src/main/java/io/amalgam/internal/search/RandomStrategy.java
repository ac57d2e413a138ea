package io.amalgam.internal.search;

import java.util.List;
import org.apache.commons.math3.random.MersenneTwister;
import org.apache.commons.math3.random.RandomGenerator;

/** Points at random, each independent of the others; the first is the start. */
final class RandomStrategy implements Strategy {
    private final double[] start;
    private final RandomGenerator random;
    private boolean begun;

    RandomStrategy(double[] start, long seed) {
        this.start = start.clone();
        this.random = new MersenneTwister(seed);
    }

    @Override
    public List<double[]> ask() {
        double[] point = start.clone();
        for (int i = 0; begun && i < point.length; i++) {
            point[i] = random.nextDouble();
        }
        begun = true;
        return List.of(point);
    }

    @Override
    public void tell(double[] figures) {
        // Nothing is learnt.
    }
}
