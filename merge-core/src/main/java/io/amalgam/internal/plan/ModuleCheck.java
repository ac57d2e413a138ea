package io.amalgam.internal.plan;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.MissingNode;
import io.amalgam.checkpoint.ModuleFolders;
import io.amalgam.checkpoint.ModuleFolders.Part;
import io.amalgam.error.Problem;
import io.amalgam.internal.plan.OpenModels.Model;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;

/**
 * Whether models that are stored in parts have the same parts. The output's are the donor's: a
 * module with weights that another model lacks, or has alone, cannot be merged; one without weights
 * that is another there is a warning.
 */
final class ModuleCheck {
    private static final ObjectMapper JSON = new ObjectMapper();

    private final Model donor;
    private final List<Model> models;
    private final Problems problems;
    private final List<Problem> warnings;

    ModuleCheck(Model donor, List<Model> models, Problems problems, List<Problem> warnings) {
        this.donor = donor;
        this.models = List.copyOf(models);
        this.problems = problems;
        this.warnings = warnings;
    }

    /** The slots without the tensors of modules that not all models have, which are problems. */
    List<OutputTensor> check(List<OutputTensor> slots) {
        List<String> wanted = weighted(donor);
        Set<String> uneven = new HashSet<>();
        for (Model model : models) {
            List<String> found = weighted(model);
            if (!found.equals(wanted)) {
                problems.add(
                        Problem.expected(
                                        "modules with weights of model '" + model.ref + "'",
                                        listed(wanted) + " as in '" + donor.ref + "'",
                                        listed(found))
                                .at(model.ref.location())
                                .hint("merge models whose modules.json has the same modules"));
                uneven.addAll(model.checkpoint.folders().withWeights());
                uneven.addAll(donor.checkpoint.folders().withWeights());
            } else if (model != donor) {
                compareSettings(model);
            }
        }
        return uneven.isEmpty() ? slots : slots.stream().filter(s -> !isOf(uneven, s)).toList();
    }

    private static boolean isOf(Set<String> folders, OutputTensor slot) {
        return folders.stream().anyMatch(folder -> slot.name().startsWith(folder + "."));
    }

    private static List<String> weighted(Model model) {
        return model.checkpoint.folders().modules().stream()
                .filter(Part::weights)
                .map(module -> "'" + module.folder() + "' (" + module.type() + ")")
                .toList();
    }

    private static String listed(List<String> modules) {
        return modules.isEmpty() ? "none" : String.join(", ", modules);
    }

    private void compareSettings(Model model) {
        ModuleFolders ours = donor.checkpoint.folders();
        ModuleFolders theirs = model.checkpoint.folders();
        if (ours.modules().isEmpty() || theirs.modules().isEmpty()) {
            // A plain model among those in parts has no settings to lose.
            return;
        }
        if (!types(ours).equals(types(theirs))) {
            warnings.add(
                    Problem.expected(
                                    "modules of model '" + model.ref + "'",
                                    types(ours) + " as in '" + donor.ref + "'",
                                    types(theirs))
                            .at(model.ref.location())
                            .hint("the output has those of '" + donor.ref + "'"));
            return;
        }
        for (int i = 0; i < ours.modules().size(); i++) {
            compareSettings(model, ours, theirs, i);
        }
    }

    /** The same module's config.json in both models; that of the model proper is not looked at. */
    private void compareSettings(Model model, ModuleFolders ours, ModuleFolders theirs, int i) {
        String folder = ours.modules().get(i).folder();
        if (folder.equals(ours.mainFolder())) {
            return;
        }
        Path file = donor.checkpoint.path().resolve(folder).resolve("config.json");
        Path other =
                model.checkpoint
                        .path()
                        .resolve(theirs.modules().get(i).folder())
                        .resolve("config.json");
        if (!settings(file).equals(settings(other))) {
            warnings.add(
                    Problem.of(
                                    "module '"
                                            + folder
                                            + "' of model '"
                                            + model.ref
                                            + "' is set otherwise than that of '"
                                            + donor.ref
                                            + "' (config.json)")
                            .at(model.ref.location())
                            .hint("the output has the settings of '" + donor.ref + "'"));
        }
    }

    private static String types(ModuleFolders folders) {
        return String.join(", ", folders.modules().stream().map(Part::type).toList());
    }

    /** Nothing where there is none, or none that can be read: copying it will say so. */
    private static JsonNode settings(Path file) {
        try {
            return Files.isRegularFile(file)
                    ? Objects.requireNonNull(JSON.readTree(Files.readAllBytes(file)))
                    : MissingNode.getInstance();
        } catch (JsonProcessingException e) {
            return MissingNode.getInstance();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
