package io.amalgam.internal.method.select;

import static org.assertj.core.api.Assertions.assertThat;

import io.amalgam.internal.kernel.KernelProvider;
import io.amalgam.internal.method.builtin.Data;
import io.amalgam.internal.method.builtin.MethodCall;
import io.amalgam.internal.method.builtin.Slow;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * The exact choice of the k largest, over data made to mislead a search that looks at a sample
 * first. Seen from outside: TIES of one model over a base of zeros gives the elements kept.
 */
public class TopMagnitudesTest {
    private static final int N = 300_007;

    public enum Shape {
        CONSTANT {
            @Override
            float at(int i, Random random) {
                return 0.5f;
            }
        },
        ZERO {
            @Override
            float at(int i, Random random) {
                return 0;
            }
        },
        ONE_IS_LARGER {
            @Override
            float at(int i, Random random) {
                return i == N / 2 + 3 ? 1.5f : -0.5f;
            }
        },
        ONE_IS_SMALLER {
            @Override
            float at(int i, Random random) {
                return i == 5000 ? 0.25f : 0.5f;
            }
        },
        TWO_VALUES {
            @Override
            float at(int i, Random random) {
                return random.nextBoolean() ? 1 : -2;
            }
        },
        ASCENDING {
            @Override
            float at(int i, Random random) {
                return i;
            }
        },
        DESCENDING {
            @Override
            float at(int i, Random random) {
                return i - N;
            }
        },
        /** Every magnitude once, no two bit patterns far apart. */
        DENORMAL {
            @Override
            float at(int i, Random random) {
                return Float.intBitsToFloat(N - i);
            }
        },
        ALL_MAGNITUDES {
            @Override
            float at(int i, Random random) {
                return Float.intBitsToFloat(random.nextInt(0x7f800000));
            }
        },
        BF16 {
            @Override
            float at(int i, Random random) {
                return Data.bf16(new float[] {(float) random.nextGaussian()})[0];
            }
        },
        MOSTLY_ZERO {
            @Override
            float at(int i, Random random) {
                return random.nextInt(100) == 0 ? (float) random.nextGaussian() : -0f;
            }
        },
        /** Larger only where no sample of 128 evenly spread runs of 512 looks. */
        LARGER_WHERE_NOT_LOOKED {
            @Override
            float at(int i, Random random) {
                return i % ((N - 512) / 127) >= 512 ? 100 + random.nextFloat() : random.nextFloat();
            }
        },
        /** Larger only where it looks. */
        LARGER_WHERE_LOOKED {
            @Override
            float at(int i, Random random) {
                return i % ((N - 512) / 127) < 512 ? 100 + random.nextFloat() : random.nextFloat();
            }
        },
        EQUAL_WHERE_LOOKED {
            @Override
            float at(int i, Random random) {
                return i % ((N - 512) / 127) < 512 ? 1 : (float) random.nextGaussian();
            }
        };

        abstract float at(int i, Random random);

        public float[] data() {
            Random random = new Random(ordinal());
            float[] values = new float[N];
            for (int i = 0; i < N; i++) {
                values[i] = at(i, random);
            }
            return values;
        }
    }

    @ParameterizedTest
    @EnumSource(Shape.class)
    void exactlyTheLargestAreKept(Shape shape) {
        float[] values = shape.data();
        for (int k : List.of(1, 2, 1000, N / 3, N / 2, N - 1000, N - 2, N - 1)) {
            assertThat(kept(values, k)).as("k = %d", k).isEqualTo(expected(values, k));
        }
    }

    @Test
    void severalModelsAreSearchedTogether() {
        float[] zero = new float[N];
        float[][] deltas = new float[Shape.values().length][];
        double[] weights = new double[deltas.length];
        MethodCall call = MethodCall.of("ties").base(zero);
        for (Shape shape : Shape.values()) {
            // Magnitudes beyond float32's range would add up to infinity.
            float[] values = shape == Shape.ALL_MAGNITUDES ? Data.normal(N, 9) : shape.data();
            double density = (shape.ordinal() + 0.5) / deltas.length;
            weights[shape.ordinal()] = 1 + 0.1 * shape.ordinal();
            deltas[shape.ordinal()] = Slow.top(values, density);
            call.model(values, weights[shape.ordinal()], density);
        }
        assertThat(call.run()).isEqualTo(Slow.vote(zero, deltas, weights, true, 1));
    }

    @Test
    void chosenKernelsFindTheSame() {
        for (Shape shape : Shape.values()) {
            float[] values = shape.data();
            assertThat(
                            call(values, N / 5)
                                    .kernels(
                                            KernelProvider.choose(KernelProvider.Choice.AUTO)
                                                    .kernels())
                                    .run())
                    .as(shape.name())
                    .isEqualTo(expected(values, N / 5));
        }
    }

    private static float[] kept(float[] values, int k) {
        return call(values, k).run();
    }

    private static MethodCall call(float[] values, int k) {
        return MethodCall.of("ties").base(new float[N]).model(values, 1, (k + 0.5) / N);
    }

    private static float[] expected(float[] values, int k) {
        float[] kept = Slow.top(values, (k + 0.5) / N);
        // A negative zero, added to the base's zero, is a zero.
        for (int i = 0; i < kept.length; i++) {
            kept[i] += 0f;
        }
        return kept;
    }
}
