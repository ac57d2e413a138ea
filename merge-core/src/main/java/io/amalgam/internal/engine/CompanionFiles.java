package io.amalgam.internal.engine;

import io.amalgam.checkpoint.OutputLayout.SmallFile;
import io.amalgam.engine.MergeReport;
import io.amalgam.plan.MergePlan;
import io.amalgam.plan.MergePlan.SideFile;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.List;

/**
 * The files written with a merged model's weights: configuration, copies from the donor, report and
 * recipe.
 */
final class CompanionFiles {
    static final String RECIPE = "amalgam-recipe.yml";

    private CompanionFiles() {}

    static List<SmallFile> of(
            MergePlan plan, MergeReport report, List<InputFile> origins, boolean withReport)
            throws IOException {
        List<SmallFile> files = new ArrayList<>();
        for (SideFile side : plan.sideFiles()) {
            files.add(
                    new SmallFile(
                            side.name().toString().replace('\\', '/'),
                            Files.readAllBytes(side.file())));
        }
        files.addAll(plan.madeFiles());
        if (withReport) {
            files.add(new SmallFile(RECIPE, plan.recipe().text().getBytes(StandardCharsets.UTF_8)));
            files.add(new SmallFile(MergeReport.FILE, ReportJson.of(plan, report, origins)));
        }
        files.addAll(plan.modelFiles());
        return files;
    }
}
