package io.amalgam.internal.align;

import io.amalgam.checkpoint.Preparation.Context;
import io.amalgam.internal.align.match.Similarity;
import java.io.IOException;

/** Distances between the units of two models, of what is added: weights or activations. */
final class Distances {
    /** How far apart two units are. */
    enum Metric {
        EUCLIDEAN,
        SQUARED,
        /** {@code log(1 + squared)}. */
        LOG
    }

    private final Similarity products;
    private final double[] rowSquares;
    private final double[] columnSquares;

    Distances(int rows, int columns) {
        this.products = new Similarity(rows, columns);
        this.rowSquares = new double[rows];
        this.columnSquares = new double[columns];
    }

    int rows() {
        return rowSquares.length;
    }

    int columns() {
        return columnSquares.length;
    }

    /** The features of all units, one behind another. */
    void add(float[] a, float[] b, int features, Context context) throws IOException {
        products.add(a, b, features, context);
        addSquares(a, features, rowSquares);
        addSquares(b, features, columnSquares);
    }

    private static void addSquares(float[] values, int features, double[] sums) {
        for (int k = 0; k < features; k++) {
            for (int i = 0; i < sums.length; i++) {
                double value = values[k * sums.length + i];
                sums[i] += value * value;
            }
        }
    }

    /** The distances, row-major. */
    double[] values(Metric metric) {
        double[] distances = products.values().clone();
        for (int i = 0; i < rows(); i++) {
            for (int j = 0; j < columns(); j++) {
                int at = i * columns() + j;
                double squared = Math.max(0, rowSquares[i] + columnSquares[j] - 2 * distances[at]);
                distances[at] =
                        switch (metric) {
                            case EUCLIDEAN -> Math.sqrt(squared);
                            case SQUARED -> squared;
                            case LOG -> Math.log1p(squared);
                        };
            }
        }
        return distances;
    }
}
