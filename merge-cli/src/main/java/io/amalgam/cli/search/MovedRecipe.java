package io.amalgam.cli.search;

import io.amalgam.internal.engine.InputFile;
import io.amalgam.internal.stages.StagedPlan;
import io.amalgam.plan.MergePlan;
import io.amalgam.recipe.ModelRef;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A recipe's text for another folder: paths that are relative to the recipe's own are changed.
 *
 * @param from the folder it was in
 * @param to the folder it goes to
 */
record MovedRecipe(String text, Path from, Path to) {

    /** The text, where the models of a plan made of it are found from its new folder too. */
    String of(StagedPlan plan) {
        String moved = text;
        for (String path : paths(plan)) {
            if (isOfTheRecipe(path)) {
                Path there = from.resolve(path).toAbsolutePath().normalize();
                Path home = to.toAbsolutePath().normalize();
                boolean near = Objects.equals(there.getRoot(), home.getRoot());
                String now = (near ? home.relativize(there) : there).toString().replace('\\', '/');
                moved =
                        Pattern.compile("(?<![\\w./-])" + Pattern.quote(path) + "(?![\\w./-])")
                                .matcher(moved)
                                .replaceAll(Matcher.quoteReplacement(now));
            }
        }
        return moved;
    }

    private boolean isOfTheRecipe(String path) {
        try {
            return !Path.of(path).isAbsolute()
                    && !Files.exists(Path.of(path))
                    && Files.exists(from.resolve(path));
        } catch (InvalidPathException e) {
            return false;
        }
    }

    private static List<MergePlan> plans(StagedPlan plan) {
        List<MergePlan> plans = new ArrayList<>();
        plan.steps().forEach(step -> plans.add(step.plan()));
        plan.result().ifPresent(plans::add);
        return plans;
    }

    private static Set<String> paths(StagedPlan plan) {
        Set<String> paths = new LinkedHashSet<>();
        for (MergePlan each : plans(plan)) {
            for (ModelRef model : each.models().keySet()) {
                paths.add(model.path());
                model.adapters().forEach(adapter -> paths.add(adapter.path()));
            }
        }
        return paths;
    }

    /** The files that plans read: the same for both, if a recipe was moved rightly. */
    static Set<Path> files(StagedPlan plan) throws IOException {
        Set<Path> files = new HashSet<>();
        for (MergePlan each : plans(plan)) {
            for (InputFile file : InputFile.origins(each)) {
                files.add(file.path().toRealPath());
            }
        }
        return files;
    }
}
