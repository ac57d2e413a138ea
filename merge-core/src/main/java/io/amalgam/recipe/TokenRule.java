package io.amalgam.recipe;

import java.util.Objects;

/**
 * Where a token's embedding comes from in models that lack it.
 *
 * @param force whether models that have the token take it from there too
 */
public record TokenRule(Origin origin, boolean force, Location location) {
    public TokenRule {
        Objects.requireNonNull(origin, "origin");
        Objects.requireNonNull(location, "location");
    }

    /** A row of some model's embedding. */
    public sealed interface Origin {
        /** The same token's in a model. */
        record SameToken(ModelRef model) implements Origin {}

        /** Another token's. */
        record OtherToken(ModelRef model, String token) implements Origin {}

        /** The row of this number, counted from 0. */
        record Row(ModelRef model, int id) implements Origin {}

        /** Zeros. */
        record Zero() implements Origin {}
    }
}
