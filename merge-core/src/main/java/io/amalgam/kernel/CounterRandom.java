package io.amalgam.kernel;

import java.nio.charset.StandardCharsets;

/**
 * Counter-based random numbers: the word of element {@code e} is a function of key and {@code e},
 * so masks do not depend on threads, block sizes, shards or resuming. Stateless and thread-safe.
 *
 * <p>SplitMix64: Steele, Lea, Flood, "Fast Splittable Pseudorandom Number Generators", OOPSLA 2014,
 * <a href="https://doi.org/10.1145/2660193.2660195">doi:10.1145/2660193.2660195</a>. The key is the
 * generator's state; its output number {@code i} from 0, {@code mix(key + (i + 1) * GAMMA)}, gives
 * the words of elements {@code 2i} (low half) and {@code 2i + 1} (high half).
 */
public final class CounterRandom {
    /** The odd constant by which states advance. */
    public static final long GAMMA = 0x9E3779B97F4A7C15L;

    /** First multiplier of the output function. */
    public static final long MIX_1 = 0xBF58476D1CE4E5B9L;

    /** Second multiplier of the output function. */
    public static final long MIX_2 = 0x94D049BB133111EBL;

    private CounterRandom() {}

    /**
     * The key of a tensor's random numbers.
     *
     * @param seed the merge's seed
     * @param tensor the output tensor's name
     * @param model the model's position in the recipe
     */
    public static long key(long seed, String tensor, int model) {
        long hash = mix(seed ^ 0x9E3779B97F4A7C15L);
        for (byte b : tensor.getBytes(StandardCharsets.UTF_8)) {
            hash = mix(hash + b + 0x9E3779B97F4A7C15L);
        }
        return mix(hash + model + 0xBF58476D1CE4E5B9L);
    }

    /** The random word of one element, 32 uniform bits. */
    public static int word(long key, long element) {
        long pair = mix(key + ((element >>> 1) + 1) * GAMMA);
        return (int) ((element & 1) == 0 ? pair : pair >>> 32);
    }

    /** A number uniform in [0, 1) with 32 random bits. */
    public static double uniform(long key, long element) {
        return (word(key, element) & 0xFFFFFFFFL) * 0x1p-32;
    }

    /** The generator's output function, variant 13 of Stafford's 64-bit mixers. */
    static long mix(long state) {
        long z = (state ^ (state >>> 30)) * MIX_1;
        z = (z ^ (z >>> 27)) * MIX_2;
        return z ^ (z >>> 31);
    }
}
