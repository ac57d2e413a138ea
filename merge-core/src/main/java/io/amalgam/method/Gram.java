package io.amalgam.method;

import io.amalgam.kernel.Kernels;
import java.util.function.Function;

/**
 * All inner products of the inputs with each other in one pass: norms on the diagonal, in float64.
 * With them, any interpolation along arcs is a linear combination whose coefficients are known.
 */
final class Gram implements Stage.Reduce<double[][]> {
    private final int[] inputs;
    private final Function<double[][], Stage> then;

    /**
     * @param inputs the inputs whose products are wanted; results are indexed in this order
     * @param then the next stage from the symmetric matrix of products
     */
    Gram(int[] inputs, Function<double[][], Stage> then) {
        this.inputs = inputs.clone();
        this.then = then;
    }

    /** One row of lanes for each pair {@code i <= j}, row by row. */
    @Override
    public double[][] newState() {
        return new double[inputs.length * (inputs.length + 1) / 2][Kernels.LANES];
    }

    @Override
    public void fold(double[][] state, Block in) {
        int pair = 0;
        for (int i = 0; i < inputs.length; i++) {
            for (int j = i; j < inputs.length; j++) {
                in.kernels()
                        .dot(in.input(inputs[i]), in.input(inputs[j]), state[pair++], in.length());
            }
        }
    }

    @Override
    public double[][] merge(double[][] earlier, double[][] later) {
        for (int pair = 0; pair < earlier.length; pair++) {
            for (int lane = 0; lane < Kernels.LANES; lane++) {
                earlier[pair][lane] += later[pair][lane];
            }
        }
        return earlier;
    }

    @Override
    public Stage next(double[][] total) {
        double[][] gram = new double[inputs.length][inputs.length];
        int pair = 0;
        for (int i = 0; i < inputs.length; i++) {
            for (int j = i; j < inputs.length; j++) {
                gram[i][j] = Kernels.total(total[pair++]);
                gram[j][i] = gram[i][j];
            }
        }
        return then.apply(gram);
    }
}
