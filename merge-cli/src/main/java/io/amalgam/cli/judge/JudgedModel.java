package io.amalgam.cli.judge;

import io.amalgam.Amalgam;
import io.amalgam.checkpoint.Checkpoint;
import io.amalgam.cli.console.Console;
import io.amalgam.cli.hub.HubMixin;
import io.amalgam.internal.stages.PlannedModel;
import io.amalgam.internal.stages.StagedPlan;
import io.amalgam.kernel.Kernels;
import io.amalgam.plan.PlanOptions;
import io.amalgam.recipe.Location;
import io.amalgam.recipe.ModelRef;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * What is judged: a model by path or hub name, a base with adapters, or the model that a recipe
 * would make.
 */
record JudgedModel(String name) {
    private static final List<Path> HERE = List.of(Path.of(""));

    /** Opens it; the caller closes it. */
    Checkpoint open(HubMixin hub, Console console, boolean silent, Kernels kernels)
            throws IOException {
        Amalgam amalgam = hub.amalgam(console, silent);
        Optional<Path> recipe = recipe();
        if (recipe.isEmpty()) {
            return amalgam.folders(HERE).models().open(reference());
        }
        Path file = recipe.get();
        StagedPlan plans =
                amalgam.foldersOf(file)
                        .plan(Amalgam.recipes(file, false), PlanOptions.DEFAULT, false);
        console.warnings(plans.warnings());
        return PlannedModel.of(plans, name, kernels);
    }

    /** A path that exists as it stands is one, whatever is in it. */
    private ModelRef reference() {
        try {
            if (Files.exists(Path.of(name))) {
                return ModelRef.of(name);
            }
        } catch (InvalidPathException e) {
            // Not a path of this system: a name.
        }
        return ModelRef.parse(name, Location.NONE);
    }

    private Optional<Path> recipe() {
        if (!name.endsWith(".yml") && !name.endsWith(".yaml")) {
            return Optional.empty();
        }
        try {
            return Optional.of(Path.of(name)).filter(file -> !Files.isDirectory(file));
        } catch (InvalidPathException e) {
            return Optional.empty();
        }
    }
}
