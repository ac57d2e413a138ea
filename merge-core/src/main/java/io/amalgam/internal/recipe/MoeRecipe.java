package io.amalgam.internal.recipe;

import io.amalgam.error.Problem;
import io.amalgam.recipe.Location;
import io.amalgam.recipe.ModelRef;
import io.amalgam.tensor.DType;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalDouble;

/**
 * A mixture of experts to make from dense models, before any model has been looked at.
 *
 * @param file as the user named it; empty if made in code
 * @param text as written, to be kept beside the model
 * @param base gives all that is not an expert
 * @param shared experts that see every token
 * @param routerScale standard deviation of {@link GateMode#RANDOM} router rows
 * @param expertsPerToken experts that see a token, shared ones not counted
 * @param dtype what tensors are written in; empty for the models' own
 * @param architecture the family of models wanted, by the beginning of its name
 * @param every one in so many layers gets experts
 * @param upcycled whether all experts are the base, so that the mixture has to compute what it
 *     does: shared experts begin with an output of 0, windows of attention stay
 */
public record MoeRecipe(
        String file,
        String text,
        ModelRef base,
        List<Expert> experts,
        List<Expert> shared,
        GateMode gateMode,
        double routerScale,
        int expertsPerToken,
        Optional<DType> dtype,
        Optional<String> architecture,
        int every,
        boolean upcycled,
        Location location,
        List<Problem> warnings) {
    public MoeRecipe {
        experts = List.copyOf(experts);
        shared = List.copyOf(shared);
        warnings = List.copyOf(warnings);
        Objects.requireNonNull(base, "base");
    }

    /** Where the rows of the routers come from. */
    public enum GateMode {
        /** Normal numbers. */
        RANDOM,
        /** Uniform numbers between {@code -1/sqrt(width)} and {@code 1/sqrt(width)}. */
        UNIFORM_RANDOM,
        /** Sums of the base model's embeddings of the prompts' tokens; one row for all layers. */
        CHEAP_EMBED,
        /** The base model's hidden states at each prompt's last token, layer by layer. */
        HIDDEN,
        /** The mean of its hidden states over each prompt's tokens. */
        HIDDEN_AVG;

        /** Whether prompts decide. */
        public boolean prompted() {
            return this != RANDOM && this != UNIFORM_RANDOM;
        }
    }

    /**
     * A model whose feed-forward parts become an expert.
     *
     * @param positive prompts that should reach it
     * @param negative prompts that should not
     * @param noiseScale standard deviation of noise added to its matrices
     * @param residualScale factor of its output projections
     */
    public record Expert(
            ModelRef model,
            List<String> positive,
            List<String> negative,
            OptionalDouble noiseScale,
            OptionalDouble residualScale,
            Location location) {
        public Expert {
            positive = List.copyOf(positive);
            negative = List.copyOf(negative);
        }
    }
}
