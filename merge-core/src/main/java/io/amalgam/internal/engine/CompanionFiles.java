package io.amalgam.internal.engine;

import io.amalgam.checkpoint.OutputLayout.SmallFile;
import io.amalgam.engine.MergeReport;
import io.amalgam.internal.card.ModelCard;
import io.amalgam.plan.MergePlan;
import io.amalgam.plan.MergePlan.SideFile;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The files written with a merged model's weights: configuration, copies from the donor, report and
 * recipe.
 */
final class CompanionFiles {
    static final String RECIPE = "amalgam-recipe.yml";

    private CompanionFiles() {}

    static List<SmallFile> of(
            MergePlan plan,
            MergeReport report,
            List<PartReport> parts,
            List<InputFile> origins,
            boolean withReport,
            Optional<byte[]> card)
            throws IOException {
        List<SmallFile> files = new ArrayList<>();
        for (SideFile side : plan.sideFiles()) {
            files.add(
                    new SmallFile(
                            side.name().toString().replace('\\', '/'),
                            Files.readAllBytes(side.file())));
        }
        files.addAll(plan.madeFiles());
        // Before the report: that says whose the card is if the commit is interrupted in between.
        card.ifPresent(text -> files.add(new SmallFile(ModelCard.FILE, text)));
        if (withReport) {
            files.add(new SmallFile(RECIPE, plan.recipe().text().getBytes(StandardCharsets.UTF_8)));
            files.add(
                    new SmallFile(
                            MergeReport.FILE, ReportJson.of(plan, report, parts, origins, card)));
        }
        files.addAll(plan.modelFiles());
        return files;
    }
}
