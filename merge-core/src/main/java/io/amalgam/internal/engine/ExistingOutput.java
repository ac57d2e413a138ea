package io.amalgam.internal.engine;

import io.amalgam.checkpoint.OutputLayout;
import io.amalgam.checkpoint.OutputLayout.SmallFile;
import io.amalgam.engine.MergeReport;
import io.amalgam.internal.card.ModelCard;
import io.amalgam.plan.MergePlan;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * The earlier contents of an output directory. Of an earlier model nothing may stay that readers
 * would take for a part of the new one: its shard index, its tokenizer, its report. Files that are
 * no part of a model are left alone.
 */
final class ExistingOutput {
    /** The folder in an output directory with the parts of a merge that is not joined yet. */
    static final String PARTS = ".amalgam-parts";

    /** What file managers and version control leave in directories that people call empty. */
    private static final Set<String> NOTHING =
            Set.of(".DS_Store", ".directory", "Thumbs.db", "desktop.ini", ".gitkeep", ".gitignore");

    private final Path directory;
    private final MergePlan plan;
    private final List<Path> weights;
    private final List<Path> sides;

    private ExistingOutput(Path directory, MergePlan plan, List<Path> weights, List<Path> sides) {
        this.directory = directory;
        this.plan = plan;
        this.weights = weights;
        this.sides = sides;
    }

    /**
     * @param overwrite whether the merge was told to replace what is there; otherwise only weights
     *     count as a model's, because the directory was empty when the merge began
     * @param card whether a model card is replaced, whoever wrote it
     */
    static ExistingOutput in(Path directory, MergePlan plan, boolean overwrite, boolean card)
            throws IOException {
        List<Path> sides = new ArrayList<>();
        if (overwrite) {
            sides.addAll(plan.format().sideFilesIn(directory));
            for (String name : List.of(MergeReport.FILE, CompanionFiles.RECIPE)) {
                if (Files.isRegularFile(directory.resolve(name))) {
                    sides.add(Path.of(name));
                }
            }
            if (card || CardFile.isOurs(directory)) {
                sides.add(Path.of(ModelCard.FILE));
            }
        }
        return new ExistingOutput(directory, plan, plan.format().weightFilesIn(directory), sides);
    }

    /** Whether a directory with nothing but such files counts as empty. */
    static boolean isNothing(Path entry) {
        return NOTHING.contains(entry.getFileName().toString());
    }

    /**
     * Files to remove before the new ones are put in their places: weights, also those that the new
     * model replaces, since beside its new config.json an old model.safetensors would look whole;
     * then the others that it does not replace.
     */
    List<Path> toRemove(List<SmallFile> companions) throws IOException {
        Set<Path> replaced = new HashSet<>();
        companions.forEach(file -> replaced.add(Path.of(file.name())));
        List<Path> remove = new ArrayList<>(weights);
        for (Path side : sides) {
            if (!replaced.contains(side) && !isOwnRecipe(side)) {
                remove.add(side);
            }
        }
        return remove;
    }

    /** A recipe that is merged from where an earlier merge put it is no leftover. */
    private boolean isOwnRecipe(Path side) throws IOException {
        return side.equals(Path.of(CompanionFiles.RECIPE))
                && new String(Files.readAllBytes(directory.resolve(side)), StandardCharsets.UTF_8)
                        .equals(plan.recipe().text());
    }

    /** Names of the entries that stay as they are, sorted. */
    List<String> kept() throws IOException {
        Set<Path> known = new HashSet<>();
        known.add(Path.of(OutputLayout.PARTIAL));
        known.add(Path.of(PARTS));
        weights.forEach(file -> known.add(file.getName(0)));
        sides.forEach(file -> known.add(file.getName(0)));
        for (OutputLayout.DataFile file : plan.layout().files()) {
            known.add(Path.of(file.name()).getName(0));
        }
        plan.sideFiles().forEach(file -> known.add(file.name().getName(0)));
        plan.madeFiles().forEach(file -> known.add(Path.of(file.name()).getName(0)));
        List<String> kept = new ArrayList<>();
        try (DirectoryStream<Path> entries = Files.newDirectoryStream(directory)) {
            for (Path entry : entries) {
                if (!known.contains(entry.getFileName()) && !isNothing(entry)) {
                    kept.add(entry.getFileName().toString());
                }
            }
        }
        kept.sort(null);
        return kept;
    }
}
