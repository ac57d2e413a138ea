package io.amalgam.internal.structure.moe;

import io.amalgam.error.Problem;
import io.amalgam.internal.recipe.MoeRecipe;
import io.amalgam.internal.recipe.MoeRecipe.Expert;
import java.util.ArrayList;
import java.util.List;

/** Checks of a mixture's recipe before any model is opened. */
final class MoeCheck {
    private MoeCheck() {}

    static List<Problem> problems(MoeRecipe recipe, boolean equalPrompts) {
        List<Problem> problems = new ArrayList<>();
        List<Expert> experts = recipe.experts();
        if (recipe.expertsPerToken() < 1) {
            problems.add(
                    Problem.expected(
                                    "experts for each token",
                                    "at least 1",
                                    recipe.expertsPerToken())
                            .at(recipe.location()));
        } else if (experts.size() < recipe.expertsPerToken()) {
            problems.add(
                    Problem.expected(
                                    "experts",
                                    "at least "
                                            + recipe.expertsPerToken()
                                            + ", as many as are active per token",
                                    experts.size())
                            .at(recipe.location())
                            .hint("add experts, or lower 'experts_per_token'"));
        }
        if (recipe.every() < 1) {
            problems.add(
                    Problem.expected("'MoeRecipe.every'", "at least 1", recipe.every())
                            .at(recipe.location()));
        }
        if (recipe.gateMode().prompted()) {
            prompts(recipe, equalPrompts, problems);
        }
        return problems;
    }

    private static void prompts(MoeRecipe recipe, boolean equalPrompts, List<Problem> problems) {
        List<Expert> experts = recipe.experts();
        for (Expert expert : experts) {
            if (expert.positive().isEmpty()) {
                problems.add(
                        Problem.of("expert '" + expert.model() + "' has no 'positive_prompts'")
                                .at(expert.location())
                                .hint("add prompts, or set 'gate_mode: random'"));
            }
        }
        for (Expert expert : recipe.shared()) {
            if (expert.positive().isEmpty() && !expert.negative().isEmpty()) {
                problems.add(
                        Problem.of(
                                        "shared expert '"
                                                + expert.model()
                                                + "' has only negative prompts")
                                .at(expert.location())
                                .hint("add 'positive_prompts'"));
            }
        }
        boolean several = experts.size() > 1 && !equalPrompts;
        if (several && experts.stream().map(MoeCheck::prompts).distinct().count() == 1) {
            problems.add(
                    Problem.of(
                                    "all experts have the same prompts: the router could not tell them apart")
                            .at(recipe.location())
                            .hint(
                                    "give each expert prompts of its own, set 'gate_mode: random', or set MoePlanner.equalPrompts(true) for a mixture to be trained"));
        }
    }

    private static List<List<String>> prompts(Expert expert) {
        return List.of(expert.positive(), expert.negative());
    }
}
