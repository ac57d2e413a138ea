package io.amalgam.internal.recipe.yaml;

import io.amalgam.error.Problem;
import java.util.Set;
import java.util.stream.Collectors;
import org.yaml.snakeyaml.nodes.MappingNode;

/** A text that is meant for another command: that is one mistake, whatever its keys are. */
final class OtherCommand {
    private static final Set<String> RECIPE = Set.of("merge_method", "models", "slices", "modules");
    private static final Set<String> MOE = Set.of("experts", "shared_experts");

    private OtherCommand() {}

    /** Refuses a config of mergekit-moe where a recipe is read. */
    static void refuseMoe(MappingNode root, RecipeProblems findings) {
        refuse(root, MOE, RECIPE, "a recipe", "a config of mergekit-moe", "moe", findings);
    }

    /** Refuses a recipe where a config of mergekit-moe is read. */
    static void refuseRecipe(MappingNode root, RecipeProblems findings) {
        refuse(root, RECIPE, MOE, "a config of mergekit-moe", "a recipe", "merge", findings);
    }

    private static void refuse(
            MappingNode root,
            Set<String> theirs,
            Set<String> ours,
            String expected,
            String found,
            String command,
            RecipeProblems findings) {
        Set<String> keys =
                root.getValue().stream()
                        .flatMap(entry -> Nodes.string(entry.getKeyNode()).stream())
                        .collect(Collectors.toSet());
        if (keys.stream().anyMatch(theirs::contains) && keys.stream().noneMatch(ours::contains)) {
            findings.error(
                    root,
                    Problem.expected("content", expected, found)
                            .hint("run 'amalgam " + command + "' with it"));
            findings.throwIfAny();
        }
    }
}
