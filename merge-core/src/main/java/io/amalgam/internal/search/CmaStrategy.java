package io.amalgam.internal.search;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.apache.commons.math3.optim.InitialGuess;
import org.apache.commons.math3.optim.MaxEval;
import org.apache.commons.math3.optim.SimpleBounds;
import org.apache.commons.math3.optim.nonlinear.scalar.GoalType;
import org.apache.commons.math3.optim.nonlinear.scalar.ObjectiveFunction;
import org.apache.commons.math3.optim.nonlinear.scalar.noderiv.CMAESOptimizer;
import org.apache.commons.math3.random.MersenneTwister;

/**
 * Covariance matrix adaptation (Hansen, <a href="https://arxiv.org/abs/1604.00772">arXiv
 * 1604.00772</a>) by Commons Math's {@link CMAESOptimizer}, begun again with a larger population
 * where it has converged.
 *
 * <p>The optimiser asks for one value at a time. The points of a generation depend on those before
 * it alone, so it is run up to the first generation it has no values for, and again from the start
 * when they are known: that lets a generation be judged side by side, and a search be continued.
 * Its own work takes microseconds.
 */
final class CmaStrategy implements Strategy {
    private static final double SIGMA = 0.2;
    private static final int MOST_DOUBLINGS = 3;

    private final double[] start;
    private final long seed;
    private List<double[]> generations = new ArrayList<>();
    private int restarts;
    private double[] begin;
    private List<double[]> asked = List.of();

    CmaStrategy(double[] start, long seed) {
        this.start = start.clone();
        this.begin = start.clone();
        this.seed = seed;
    }

    /** Ends a run of the optimiser: a generation without values. */
    private static final class Asked extends RuntimeException {
        private static final long serialVersionUID = 1;

        Asked() {
            super(null, null, false, false);
        }
    }

    @Override
    public List<double[]> ask() {
        while (true) {
            Replay replay = new Replay();
            try {
                optimise(replay);
            } catch (Asked e) {
                asked = List.copyOf(replay.points);
                return asked;
            }
            restart();
        }
    }

    private void restart() {
        restarts++;
        generations = new ArrayList<>();
        MersenneTwister random = new MersenneTwister(seed - restarts);
        begin = new double[start.length];
        for (int i = 0; i < begin.length; i++) {
            begin[i] = random.nextDouble();
        }
    }

    private int population() {
        return (4 + (int) (3 * Math.log(start.length))) << Math.min(restarts, MOST_DOUBLINGS);
    }

    private void optimise(Replay replay) {
        double[] sigma = new double[start.length];
        Arrays.fill(sigma, SIGMA);
        double[] low = new double[start.length];
        double[] high = new double[start.length];
        Arrays.fill(high, 1);
        CMAESOptimizer optimiser =
                new CMAESOptimizer(
                        Integer.MAX_VALUE,
                        0,
                        true,
                        0,
                        0,
                        new MersenneTwister(seed + restarts),
                        false,
                        null);
        optimiser.optimize(
                new ObjectiveFunction(replay::value),
                GoalType.MINIMIZE,
                new InitialGuess(begin),
                new SimpleBounds(low, high),
                new CMAESOptimizer.Sigma(sigma),
                new CMAESOptimizer.PopulationSize(population()),
                MaxEval.unlimited());
    }

    /** Gives the optimiser the values that are known, and collects the points that have none. */
    private final class Replay {
        private final List<double[]> points = new ArrayList<>();
        private int generation;
        private int place;

        double value(double[] point) {
            if (generation < generations.size()) {
                double[] known = generations.get(generation);
                double value = known[place++];
                if (place == known.length) {
                    generation++;
                    place = 0;
                }
                return value;
            }
            points.add(point.clone());
            // The start is a generation of its own.
            if (points.size() == (generation == 0 ? 1 : population())) {
                throw new Asked();
            }
            return 0;
        }
    }

    @Override
    public void tell(double[] figures) {
        double worst = Double.NEGATIVE_INFINITY;
        double best = Double.POSITIVE_INFINITY;
        for (double figure : figures) {
            if (!Double.isNaN(figure)) {
                worst = Math.max(worst, figure);
                best = Math.min(best, figure);
            }
        }
        double failed = worst < best ? 0 : worst + Math.max(worst - best, Math.abs(worst)) + 1;
        double[] filled = figures.clone();
        for (int i = 0; i < filled.length; i++) {
            filled[i] = Double.isNaN(filled[i]) ? failed : filled[i];
        }
        generations.add(filled);
    }
}
