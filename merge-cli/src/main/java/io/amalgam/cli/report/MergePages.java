package io.amalgam.cli.report;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.amalgam.ModelLoader;
import io.amalgam.checkpoint.Checkpoint;
import io.amalgam.engine.Cancellation;
import io.amalgam.engine.EngineOptions;
import io.amalgam.engine.MergeReport;
import io.amalgam.error.Problem;
import io.amalgam.internal.compare.Change;
import io.amalgam.internal.compare.MergeComparison;
import io.amalgam.internal.compare.MergeObserver;
import io.amalgam.internal.compare.ModelComparison;
import io.amalgam.internal.engine.OutputPlaces;
import io.amalgam.internal.engine.TensorScan;
import io.amalgam.internal.io.AtomicFile;
import io.amalgam.plan.MergePlan;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** The page of a merge: inputs and output are read again, and what its report says is added. */
public final class MergePages {
    /** Its name in the output directory. */
    public static final String FILE = "amalgam-report.html";

    private static final String RECIPE = "amalgam-recipe.yml";

    /** What is said where a page cannot be made. */
    public static final Problem STAGES =
            Problem.of("no page is written: the recipe has stages that are written first")
                    .hint("keep the stages, and compare with 'amalgam diff --base'");

    private static final String MERGE = "merge";

    private MergePages() {}

    /**
     * What measures a merge for its page while it is made.
     *
     * @param exact whether it measures every element, instead of a sample of large tensors
     */
    public static MergeObserver observer(MergePlan plan, boolean exact) {
        return new MergeObserver(plan, MERGE, exact ? 1 : MergeObserver.SAMPLE);
    }

    /** The report beside a model. */
    static Path reportOf(Path model) {
        return OutputPlaces.beside(model, MergeReport.FILE);
    }

    /** The recipe beside a model. */
    static Path recipeOf(Path model) {
        return OutputPlaces.beside(model, RECIPE);
    }

    /** Where the page goes if nothing else is said. */
    public static Path pageOf(Path model) {
        return OutputPlaces.beside(model, FILE);
    }

    /**
     * Compares and writes.
     *
     * @param plan of the merge
     * @param out its result
     * @param page where the page goes
     * @param observer of the merge: what it has seen is not read again
     */
    public static ModelComparison write(
            MergePlan plan,
            Path out,
            Path page,
            List<Problem> warnings,
            Optional<MergeObserver> observer,
            EngineOptions options,
            TensorScan.Progress progress,
            Cancellation cancellation)
            throws IOException {
        ModelComparison comparison;
        try (Checkpoint merged = ModelLoader.load().open(out, out.toString())) {
            comparison =
                    MergeComparison.of(
                            plan, merged, MERGE, observer, options, progress, cancellation);
        }
        Path report = reportOf(out);
        Optional<MergeFacts> facts =
                Files.isRegularFile(report)
                        ? Optional.of(new MergeFacts(json(report)))
                        : Optional.empty();
        Path name = out.toAbsolutePath().normalize().getFileName();
        List<Problem> all = new ArrayList<>(warnings);
        all.addAll(nonFinite(comparison));
        text(page, ComparisonPage.of("Merge " + name, comparison, facts, all));
        return comparison;
    }

    /** Adds to a document where a page is, and what share of large tensors it was measured from. */
    public static void put(ObjectNode root, Path page, ModelComparison comparison) {
        root.put("page", page.toString()).put("page_estimated_from", 1.0 / comparison.oneIn());
    }

    /** What of the models is no number; figures leave it out. */
    public static List<Problem> nonFinite(ModelComparison comparison) {
        List<Problem> warnings = new ArrayList<>();
        for (int m = 0; m < comparison.models(); m++) {
            long count = 0;
            String first = "";
            for (var tensor : comparison.tensors()) {
                Change change = tensor.measures().changes().get(m);
                first = count == 0 && change.nonfinite() > 0 ? tensor.name() : first;
                count += change.nonfinite();
            }
            if (count > 0) {
                warnings.add(
                        Problem.of(
                                        "%d %s NaN or infinite in '%s' or '%s', first in tensor '%s'"
                                                .formatted(
                                                        count,
                                                        count == 1 ? "element is" : "elements are",
                                                        comparison.names().get(0),
                                                        comparison.names().get(m + 1),
                                                        first))
                                .hint(
                                        count == 1
                                                ? "it is left out of norms and cosines"
                                                : "they are left out of norms and cosines"));
            }
        }
        return warnings;
    }

    static JsonNode json(Path file) throws IOException {
        return new ObjectMapper().readTree(Files.readAllBytes(file));
    }

    /**
     * That a page can be written, before models are read for it.
     *
     * @throws io.amalgam.error.BadInputException if a file is there that is no page
     */
    public static void requirePlace(Path page) throws IOException {
        Page.FILE.requirePlace(page);
    }

    /** Writes a page, whole or not at all. */
    public static void text(Path page, String html) throws IOException {
        Page.FILE.requirePlace(page);
        AtomicFile.write(page, html.getBytes(StandardCharsets.UTF_8));
    }
}
