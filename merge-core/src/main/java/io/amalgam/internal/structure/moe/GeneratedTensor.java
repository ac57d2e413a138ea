package io.amalgam.internal.structure.moe;

import io.amalgam.checkpoint.TensorSource;
import io.amalgam.internal.tensor.Decimals;
import io.amalgam.kernel.CounterRandom;
import io.amalgam.kernel.Workspace;
import io.amalgam.tensor.TensorInfo;
import java.io.IOException;

/** Tensors that are made while they are read. */
sealed interface GeneratedTensor extends TensorSource {
    /**
     * A tensor plus normal noise, times a factor: {@code (x + noise * n) * factor}, float32 steps.
     *
     * @param key of the noise
     */
    record Adjusted(TensorSource source, float noise, float factor, long key)
            implements GeneratedTensor {
        @Override
        public TensorInfo info() {
            return source.info();
        }

        @Override
        public boolean read(long from, int count, float[] dst, int at, Workspace workspace)
                throws IOException {
            source.read(from, count, dst, at, workspace);
            for (int i = 0; noise != 0 && i < count; i++) {
                dst[at + i] += (float) (noise * NormalRandom.value(key, from + i));
            }
            for (int i = 0; factor != 1 && i < count; i++) {
                dst[at + i] *= factor;
            }
            return false;
        }

        @Override
        public long storedBytes() {
            return source.storedBytes();
        }

        @Override
        public String identity() {
            String noisy =
                    noise == 0
                            ? source.identity()
                            : source.identity() + " + noise " + Decimals.text(noise);
            return factor == 1 ? noisy : "(" + noisy + ") * " + Decimals.text(factor);
        }
    }

    /**
     * Random numbers.
     *
     * @param scale standard deviation of normal numbers, bound of uniform ones
     */
    record Random(TensorInfo info, boolean uniform, double scale, long key)
            implements GeneratedTensor {
        @Override
        public boolean read(long from, int count, float[] dst, int at, Workspace workspace) {
            for (int i = 0; i < count; i++) {
                double value =
                        uniform
                                ? 2 * CounterRandom.uniform(key, from + i) - 1
                                : NormalRandom.value(key, from + i);
                dst[at + i] = (float) (scale * value);
            }
            return true;
        }

        @Override
        public long storedBytes() {
            return 0;
        }

        @Override
        public String identity() {
            return (uniform ? "uniform " : "normal ")
                    + Decimals.text(scale)
                    + " key "
                    + Long.toHexString(key);
        }
    }

    /**
     * Rows of routers made from prompts, which the plan prepares.
     *
     * @param first the first expert whose row is part of the tensor
     */
    record Gates(TensorInfo info, PromptGates gates, int layer, int first)
            implements GeneratedTensor {
        @Override
        public boolean read(long from, int count, float[] dst, int at, Workspace workspace)
                throws IOException {
            float[][] rows = gates.rows(layer);
            int width = rows[0].length;
            for (int i = 0; i < count; i++) {
                long element = from + i;
                dst[at + i] = rows[first + (int) (element / width)][(int) (element % width)];
            }
            return false;
        }

        @Override
        public long storedBytes() {
            return 0;
        }

        @Override
        public String identity() {
            return gates.identity() + " layer " + layer + " from " + first;
        }
    }
}
