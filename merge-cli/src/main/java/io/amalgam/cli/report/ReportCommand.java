package io.amalgam.cli.report;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.amalgam.cli.console.Console;
import io.amalgam.cli.console.ExitCode;
import io.amalgam.cli.console.Json;
import io.amalgam.cli.console.ScanProgress;
import io.amalgam.cli.hub.HubMixin;
import io.amalgam.cli.options.EngineMixin;
import io.amalgam.cli.options.Interruption;
import io.amalgam.cli.options.QuietMixin;
import io.amalgam.cli.options.ResourceMixin;
import io.amalgam.cli.options.Subcommand;
import io.amalgam.error.BadInputException;
import io.amalgam.error.Problem;
import io.amalgam.internal.compare.ModelComparison;
import io.amalgam.internal.engine.FinishedMerge;
import io.amalgam.internal.engine.PlanOptionsJson;
import io.amalgam.internal.stages.StagedPlan;
import io.amalgam.plan.MergePlan;
import io.amalgam.plan.PlanOptions;
import io.amalgam.recipe.RecipeFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
        name = "report",
        sortOptions = false,
        description = {
            "Writes an HTML page about a merge: changes from the base and from each input, by layer, kind and tensor, and the recipe.",
            "Reads inputs and output again. For a batch.json, writes a page with the table of its merges."
        },
        footerHeading = "%nExamples:%n",
        footer = {
            "  amalgam report merged/                    writes merged/amalgam-report.html",
            "  amalgam report merged/ --recipe recipes/ties.yml",
            "  amalgam report batch/batch.json"
        })
public final class ReportCommand extends Subcommand {
    private static final String ITS_FILE =
            "if it was relative to the recipe's folder, name the recipe's file with --recipe";

    private final Interruption interruption;

    @Parameters(
            index = "0",
            paramLabel = "PATH",
            description = "A merged model, or the batch.json of a batch.")
    private Path path;

    @Option(
            names = "--html",
            paramLabel = "FILE",
            description =
                    "The page. Default: amalgam-report.html in the model's directory, or next to batch.json.")
    private @Nullable Path html;

    @Option(
            names = "--recipe",
            paramLabel = "FILE",
            description =
                    "The recipe of the merge, if the paths in it are relative to its folder. Default: the one kept with the model.")
    private @Nullable Path recipe;

    @Mixin private QuietMixin verbosity;
    @Mixin private ResourceMixin resources;
    @Mixin private EngineMixin engine;
    @Mixin private HubMixin hub;

    public ReportCommand(Console console, Interruption interruption) {
        super(console);
        this.interruption = interruption;
    }

    @Override
    public Integer call() throws IOException {
        resources
                .complaint()
                .ifPresent(
                        text -> {
                            throw usage(text);
                        });
        Path report = isBatch() ? path : MergePages.reportOf(path);
        if (!Files.isRegularFile(report)) {
            throw new BadInputException(
                    Problem.expected(
                                    "report of '" + path + "'",
                                    "a merged model with its report, or a batch.json",
                                    "nothing at '" + report + "'")
                            .hint("compare models without a report with 'amalgam diff'"));
        }
        JsonNode document = document(report);
        return isBatch() ? batch(document) : merge(document);
    }

    private boolean isBatch() {
        return path.toString().endsWith(".json");
    }

    private JsonNode document(Path file) throws IOException {
        String key = isBatch() ? "amalgam_batch" : "amalgam_report";
        JsonNode document;
        try {
            document = MergePages.json(file);
        } catch (JsonProcessingException e) {
            throw new BadInputException(
                    Problem.expected("report '" + file + "'", "JSON", "something else")
                            .hint("give what a merge or a batch wrote"));
        }
        if (!document.has(key)) {
            throw new BadInputException(
                    Problem.expected("report '" + file + "'", "the key '" + key + "'", "none")
                            .hint("give what a merge or a batch wrote"));
        }
        JsonNode merges = document.path("merges");
        if (isBatch() && !(merges.isArray() && allObjects(merges))) {
            throw new BadInputException(
                    Problem.expected(
                                    "'merges' of report '" + file + "'", "a list of merges", "none")
                            .hint("give what a merge or a batch wrote"));
        }
        return document;
    }

    private static boolean allObjects(JsonNode list) {
        for (JsonNode each : list) {
            if (!each.isObject()) {
                return false;
            }
        }
        return true;
    }

    private int batch(JsonNode document) throws IOException {
        Path page = html != null ? html : path.resolveSibling("batch.html");
        MergePages.text(page, BatchPage.of("Batch " + path, document));
        return written(page);
    }

    private int merge(JsonNode document) throws IOException {
        Path page = html != null ? html : MergePages.pageOf(path);
        MergePages.requirePlace(page);
        engine.warmUp();
        engine.warmUpComparisons();
        boolean silent = verbosity.quiet || json;
        // The text in the report is that of the file beside it.
        Path place = recipe == null ? MergePages.recipeOf(path) : recipe;
        String kept = document.path("recipe").asText();
        if (recipe == null && !kept.contains("merge_method")) {
            throw new BadInputException(
                    Problem.expected(
                                    "report of '" + path + "'",
                                    "a merge by a recipe",
                                    "what another command wrote")
                            .hint("compare it with what it was made of by 'amalgam diff'"));
        }
        RecipeFile recipes =
                recipe == null
                        ? io.amalgam.Amalgam.recipes(kept, place.toString(), false)
                        : io.amalgam.Amalgam.recipes(recipe, false);
        io.amalgam.Amalgam amalgam = hub.amalgam(console, silent).foldersOf(place).writing(path);
        try (StagedPlan plans = plan(amalgam, recipes, PlanOptionsJson.of(document));
                ScanProgress progress = new ScanProgress(console, "comparing", silent)) {
            MergePlan plan =
                    plans.result()
                            .orElseThrow(
                                    () ->
                                            new BadInputException(
                                                    Problem.of(
                                                            "the recipe has no result: all its documents are stages")));
            if (!plans.written().isEmpty()) {
                throw new BadInputException(MergePages.STAGES);
            }
            List<Problem> warnings = warnings(plan, document);
            console.warnings(warnings);
            ModelComparison comparison =
                    MergePages.write(
                            plan,
                            path,
                            page,
                            warnings,
                            Optional.empty(),
                            engine.options(resources),
                            progress,
                            interruption.merging());
            console.warnings(MergePages.nonFinite(comparison));
        }
        return written(page);
    }

    /** Paths in a recipe that was kept with the model may be relative to where it came from. */
    private StagedPlan plan(io.amalgam.Amalgam amalgam, RecipeFile recipes, PlanOptions options)
            throws IOException {
        try {
            return amalgam.plan(recipes, options.strict(false), false);
        } catch (BadInputException e) {
            List<Problem> problems = new ArrayList<>();
            for (Problem each : e.problems()) {
                boolean missing = recipe == null && each.expected().equals("an existing path");
                problems.add(missing ? each.hint(ITS_FILE) : each);
            }
            throw new BadInputException(problems, e.warnings());
        }
    }

    /** Whether the models are those that were merged. */
    private List<Problem> warnings(MergePlan plan, JsonNode report) throws IOException {
        List<Problem> warnings = new ArrayList<>();
        // The plan is that of a directory, and a file's has another hash.
        Optional<String> difference =
                Files.isDirectory(path)
                        ? FinishedMerge.differenceByReport(plan, path)
                        : FinishedMerge.inputs(plan, report);
        difference.ifPresent(
                why ->
                        warnings.add(
                                Problem.of("since the merge in '" + path + "', " + why)
                                        .hint("the page is of the models as they are now")));
        FinishedMerge.changedFile(path, report)
                .ifPresent(
                        why ->
                                warnings.add(
                                        Problem.of("in '" + path + "', " + why)
                                                .hint("the page is of the model as it is now")));
        return warnings;
    }

    private int written(Path page) {
        if (json) {
            ObjectNode result = Json.object().put("page", page.toString());
            Json.print(console, result);
        } else if (!verbosity.quiet) {
            console.print(Console.oneLine("wrote '" + page + "'"));
        }
        return ExitCode.DONE;
    }
}
