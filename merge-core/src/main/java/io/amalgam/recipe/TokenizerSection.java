package io.amalgam.recipe;

import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;

/**
 * The tokens of a merged model, and the origins of their embedding rows. Immutable.
 *
 * @param vocabulary the set of tokens
 * @param tokens rules for single tokens, by their text
 * @param padTo the number of rows is rounded up to a multiple of this
 */
public record TokenizerSection(
        Vocabulary vocabulary,
        Map<String, TokenRule> tokens,
        Optional<Integer> padTo,
        Location location) {
    /**
     * @throws IllegalArgumentException if {@code padTo} is below 1
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

    /** The source of the tokens. */
    public sealed interface Vocabulary {
        /** Tokens of the base or first model, then tokens that only others have. */
        record Union() implements Vocabulary {}

        /** Tokens of the base or first model. */
        record Base() implements Vocabulary {}

        /** Tokens of one model, which need not be merged. */
        record Of(ModelRef model) implements Vocabulary {}
    }

    /**
     * The origin of a token's embedding in models that lack the token.
     *
     * @param force whether the rule applies to models with the token too
     */
    public record TokenRule(Origin origin, boolean force, Location location) {
        public TokenRule {
            Objects.requireNonNull(origin, "origin");
            Objects.requireNonNull(location, "location");
        }

        /** An embedding row of a model. */
        public sealed interface Origin {
            /** The row of the same token in a model. */
            record SameToken(ModelRef model) implements Origin {}

            /** The row of another token. */
            record OtherToken(ModelRef model, String token) implements Origin {}

            /** The row with this index, counted from 0. */
            record Row(ModelRef model, int id) implements Origin {}

            /** A row of zeros. */
            record Zero() implements Origin {}
        }
    }
}
