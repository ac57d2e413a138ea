package io.amalgam.internal.lora.combine;

import java.util.Map;
import java.util.Optional;

/**
 * Options to combine adapters.
 *
 * @param method one of {@link AdapterCombiner#METHODS}; unless {@code on} is {@link On#FACTORS}, a
 *     merge method
 * @param on what the method works on
 * @param density the share that pruning keeps
 * @param rank of the result; empty for the largest rank of the adapters, or for {@code cat} and
 *     {@code exact} the sum of all
 * @param frequency whether a sign is elected by votes, not by sum
 * @param clamp quantile beyond which values of the new factors are cut; empty for none
 * @param parameters further ones of a merge method
 */
public record CombineOptions(
        String method,
        On on,
        Optional<Double> density,
        Optional<Integer> rank,
        boolean frequency,
        Optional<Double> clamp,
        Map<String, Object> parameters,
        long seed) {
    public CombineOptions {
        parameters = Map.copyOf(parameters);
    }

    /** What a method is given of each module. */
    public enum On {
        /** The factors A, and the factors B, as PEFT does. */
        FACTORS,
        /** The changes {@code scale B A}, one module's at a time in full. */
        DELTAS,
        /** KnOTS: rows over shared left singular vectors, all modules as one vector. */
        KNOTS,
        /** The same, one module at a time, without the singular values. */
        KNOTS_PER_MODULE,
        /** Core Space: small matrices over shared bases of both sides. */
        CORE
    }

    /** A method with its defaults. */
    public static CombineOptions of(String method) {
        return new CombineOptions(
                method,
                On.FACTORS,
                Optional.empty(),
                Optional.empty(),
                false,
                Optional.empty(),
                Map.of(),
                0);
    }

    public CombineOptions withRank(int newRank) {
        return new CombineOptions(
                method, on, density, Optional.of(newRank), frequency, clamp, parameters, seed);
    }

    public CombineOptions withDensity(double share) {
        return new CombineOptions(
                method, on, Optional.of(share), rank, frequency, clamp, parameters, seed);
    }

    public CombineOptions on(On what) {
        return new CombineOptions(method, what, density, rank, frequency, clamp, parameters, seed);
    }

    public CombineOptions electingByFrequency() {
        return new CombineOptions(method, on, density, rank, true, clamp, parameters, seed);
    }
}
