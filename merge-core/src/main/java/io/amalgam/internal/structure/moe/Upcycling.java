package io.amalgam.internal.structure.moe;

import io.amalgam.internal.recipe.MoeRecipe;
import io.amalgam.internal.recipe.MoeRecipe.Expert;
import io.amalgam.internal.recipe.MoeRecipe.GateMode;
import io.amalgam.recipe.Location;
import io.amalgam.recipe.ModelRef;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;

/**
 * Sparse upcycling: one dense model's feed-forward parts, copied, become the experts. Weights of
 * the experts chosen sum to 1, so that the mixture computes what the model did.
 *
 * <p>Komatsuzaki et al. 2022, <a href="https://arxiv.org/abs/2212.05055">arXiv 2212.05055</a>.
 *
 * @param experts of a layer
 * @param perToken experts that see a token
 * @param every one in so many layers gets experts
 * @param routerScale standard deviation of the routers' random rows
 * @param noise standard deviation of noise added to the experts; 0 for none
 * @param architecture the family wanted, by the beginning of its name
 */
public record Upcycling(
        int experts,
        int perToken,
        int every,
        double routerScale,
        double noise,
        Optional<String> architecture) {

    /** The families a model can become one of. */
    public static List<String> architectures() {
        return MoeFamily.titles();
    }

    /** Whether a name is the beginning of a family's. */
    public static boolean isArchitecture(String name) {
        return Arrays.stream(MoeFamily.values()).anyMatch(family -> family.isMeant(name));
    }

    /**
     * The recipe. A family that has a shared expert gets one whose output begins at 0.
     *
     * @param model path of the model
     * @param modelType of the model's configuration
     */
    public MoeRecipe recipe(String model, String modelType) {
        OptionalDouble noisy = noise == 0 ? OptionalDouble.empty() : OptionalDouble.of(noise);
        Expert expert = expert(model, noisy);
        MoeRecipe bare = recipe(model, Collections.nCopies(experts, expert), List.of());
        if (possible(bare, modelType)) {
            return bare;
        }
        MoeRecipe shared =
                recipe(model, bare.experts(), List.of(expert(model, OptionalDouble.empty())));
        return possible(shared, modelType) ? shared : bare;
    }

    /** DeepSeek's code is not part of transformers, so it is only made where asked for. */
    private boolean possible(MoeRecipe recipe, String modelType) {
        for (MoeFamily family : MoeFamily.values()) {
            boolean meant =
                    architecture.isPresent()
                            ? family.isMeant(architecture.get())
                            : family != MoeFamily.DEEPSEEK;
            if (meant && family.obstacle(recipe, java.util.Set.of(modelType)).isEmpty()) {
                return true;
            }
        }
        return false;
    }

    private MoeRecipe recipe(String model, List<Expert> all, List<Expert> shared) {
        String text =
                "# amalgam moe upcycle: %d experts, %d for each token, in one of %d layers; router scale %s, noise %s\n"
                        .formatted(experts, perToken, every, routerScale, noise);
        Optional<String> family =
                architecture.or(
                        () -> shared.isEmpty() ? Optional.empty() : Optional.of("Qwen MoE"));
        return new MoeRecipe(
                "",
                text,
                ModelRef.of(model),
                all,
                shared,
                GateMode.RANDOM,
                routerScale,
                perToken,
                Optional.empty(),
                family,
                every,
                true,
                Location.NONE,
                List.of());
    }

    private static Expert expert(String model, OptionalDouble noise) {
        return new Expert(
                ModelRef.of(model),
                List.of(),
                List.of(),
                noise,
                OptionalDouble.empty(),
                Location.NONE);
    }
}
