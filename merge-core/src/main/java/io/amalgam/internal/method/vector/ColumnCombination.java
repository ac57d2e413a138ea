package io.amalgam.internal.method.vector;

import io.amalgam.method.TensorStep;
import java.io.IOException;

/**
 * Linear combinations of columns, each with coefficients from the inner products of the inputs'
 * columns. A column is the elements that differ in their first index alone.
 *
 * <p>Columns lie across the file, so one worker reads a tensor in stripes of columns, from top to
 * bottom, twice: once for the sums, in float64 and in the order of rows, once to combine. It holds
 * the sums of one stripe; a stripe is as wide as a read may be.
 */
record ColumnCombination(
        DeltaVectors vectors, long rows, long columns, DeltaVectors.Coefficients coefficients)
        implements TensorStep.FullTensor {
    @Override
    public void run(Reader reader, Writer writer) throws IOException {
        int width = (int) Math.min(columns, reader.capacity());
        // Narrow tensors are read several rows at a time.
        int height = width < columns ? 1 : (int) Math.min(rows, reader.capacity() / width);
        Strip strip = new Strip(reader, width * height);
        for (long column = 0; column < columns; column += width) {
            int wide = (int) Math.min(width, columns - column);
            strip.run(column, wide, wide < columns ? 1 : height, writer);
        }
    }

    /** Two dozen buffers of a read at the most: no more than a worker's own. */
    @Override
    public long bytesHeld() {
        return 0;
    }

    /** Buffers for a stripe of columns, some rows at a time. */
    private final class Strip {
        private final Reader reader;
        private final int count = vectors.count();
        private final float[][] x;
        private final float[] origin;
        private final float[] out;

        Strip(Reader reader, int elements) {
            this.reader = reader;
            this.x = new float[count][elements];
            this.origin = new float[elements];
            this.out = new float[elements];
        }

        void run(long column, int wide, int height, Writer writer) throws IOException {
            double[][] sums = new double[count * (count + 1) / 2][wide];
            for (long row = 0; row < rows; row += height) {
                int n = wide * (int) Math.min(height, rows - row);
                read(row * columns + column, n);
                int pair = 0;
                for (int i = 0; i < count; i++) {
                    for (int j = i; j < count; j++) {
                        for (int at = 0; at < n; at += wide) {
                            addProducts(x[i], x[j], at, sums[pair]);
                        }
                        pair++;
                    }
                }
            }
            float[][] weights = weights(sums, wide);
            for (long row = 0; row < rows; row += height) {
                int n = wide * (int) Math.min(height, rows - row);
                read(row * columns + column, n);
                java.util.Arrays.fill(out, 0, n, 0f);
                for (int at = 0; at < n; at += wide) {
                    for (int i = 0; i < count; i++) {
                        addWeighted(x[i], weights[i], at, out);
                    }
                }
                if (vectors.origin() >= 0) {
                    for (int i = 0; i < n; i++) {
                        out[i] += origin[i];
                    }
                }
                writer.write(row * columns + column, out, n);
            }
        }

        private void read(long from, int n) throws IOException {
            for (int i = 0; i < count; i++) {
                reader.read(vectors.inputs().get(i), from, n, x[i], 0);
            }
            if (vectors.origin() >= 0) {
                reader.read(vectors.origin(), from, n, origin, 0);
                for (float[] difference : x) {
                    for (int i = 0; i < n; i++) {
                        difference[i] -= origin[i];
                    }
                }
            }
        }

        /** One coefficient for each vector and column. */
        private float[][] weights(double[][] sums, int wide) {
            float[][] weights = new float[count][wide];
            double[][] gram = new double[count][count];
            for (int c = 0; c < wide; c++) {
                int pair = 0;
                for (int i = 0; i < count; i++) {
                    for (int j = i; j < count; j++) {
                        gram[i][j] = sums[pair++][c];
                        gram[j][i] = gram[i][j];
                    }
                }
                double[] found = coefficients.of(gram);
                for (int i = 0; i < count; i++) {
                    weights[i][c] = (float) found[i];
                }
            }
            return weights;
        }
    }

    private static void addProducts(float[] a, float[] b, int at, double[] sums) {
        for (int i = 0; i < sums.length; i++) {
            sums[i] += (double) a[at + i] * (double) b[at + i];
        }
    }

    private static void addWeighted(float[] x, float[] weights, int at, float[] out) {
        for (int i = 0; i < weights.length; i++) {
            out[at + i] += weights[i] * x[at + i];
        }
    }
}
