package io.amalgam.recipe;

import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;

/**
 * Which tokens a merged model has, and where the rows of its embeddings come from.
 *
 * @param vocabulary what its tokens are
 * @param tokens what is said of single tokens, by their text
 * @param padTo the number of rows is rounded up to a multiple of this
 */
public record TokenizerSection(
        Vocabulary vocabulary,
        Map<String, TokenRule> tokens,
        Optional<Integer> padTo,
        Location location) {
    /**
     * @throws IllegalArgumentException if rows are padded to a multiple of nothing
     */
    public TokenizerSection {
        Objects.requireNonNull(vocabulary, "vocabulary");
        tokens = Collections.unmodifiableMap(new LinkedHashMap<>(tokens));
        if (padTo.filter(multiple -> multiple < 1).isPresent()) {
            throw new IllegalArgumentException("a multiple of " + padTo.get());
        }
        Objects.requireNonNull(location, "location");
    }

    /** Every model reference in the section. */
    List<ModelRef> references() {
        List<ModelRef> references = new ArrayList<>();
        if (vocabulary instanceof Vocabulary.Of of) {
            references.add(of.model());
        }
        for (TokenRule rule : tokens.values()) {
            if (rule.origin() instanceof TokenRule.Origin.SameToken same) {
                references.add(same.model());
            } else if (rule.origin() instanceof TokenRule.Origin.OtherToken other) {
                references.add(other.model());
            } else if (rule.origin() instanceof TokenRule.Origin.Row row) {
                references.add(row.model());
            }
        }
        return references;
    }

    /** The tokens of which models. */
    public sealed interface Vocabulary {
        /** Those of the base or first model, then those that only others have. */
        record Union() implements Vocabulary {}

        /** Those of the base or first model. */
        record Base() implements Vocabulary {}

        /** Those of one model, which need not be merged. */
        record Of(ModelRef model) implements Vocabulary {}
    }

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
}
