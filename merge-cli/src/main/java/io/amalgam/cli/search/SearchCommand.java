package io.amalgam.cli.search;

import io.amalgam.checkpoint.Checkpoint;
import io.amalgam.cli.console.Console;
import io.amalgam.cli.console.ExitCode;
import io.amalgam.cli.console.Failure;
import io.amalgam.cli.hub.HubMixin;
import io.amalgam.cli.judge.ObjectiveMixin;
import io.amalgam.cli.judge.TokensMixin;
import io.amalgam.cli.merge.StageProgress;
import io.amalgam.cli.options.CardMixin;
import io.amalgam.cli.options.EngineMixin;
import io.amalgam.cli.options.Interruption;
import io.amalgam.cli.options.PlanOptionsMixin;
import io.amalgam.cli.options.ResourceMixin;
import io.amalgam.cli.options.Subcommand;
import io.amalgam.cli.options.TokenizerMixin;
import io.amalgam.cli.options.VerbosityMixin;
import io.amalgam.cli.report.MergePages;
import io.amalgam.cli.report.SearchPage;
import io.amalgam.engine.Cancellation;
import io.amalgam.engine.EngineOptions;
import io.amalgam.engine.MergeCancelledException;
import io.amalgam.error.BadInputException;
import io.amalgam.error.Problem;
import io.amalgam.internal.engine.FinishedMerge;
import io.amalgam.internal.io.AtomicFile;
import io.amalgam.internal.recipe.yaml.RecipeReader;
import io.amalgam.internal.runs.Objective;
import io.amalgam.internal.runs.TextObjective;
import io.amalgam.internal.search.AutoRecipe;
import io.amalgam.internal.search.Search;
import io.amalgam.internal.search.SearchRecipe;
import io.amalgam.internal.search.SearchResult;
import io.amalgam.internal.search.SearchSetup;
import io.amalgam.internal.stages.StagePlaces;
import io.amalgam.internal.stages.StagedMerge;
import io.amalgam.internal.stages.StagedPlan;
import io.amalgam.plan.MergePlan;
import io.amalgam.recipe.Recipe;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
        name = "search",
        sortOptions = false,
        customSynopsis = {
            "amalgam search [OPTIONS] RECIPE OUT",
            "       amalgam search [OPTIONS] --auto BASE MODEL... OUT"
        },
        description = {
            "Optimises the parameters of a recipe by scoring candidate merges, then merges with the best ones.",
            "The recipe has placeholders such as 'weight: $${scale}', and a range for each: 'search: {scale: [0, 1]}'."
        },
        footerHeading = "%nExamples:%n",
        footer = {
            "  amalgam search recipe.yml merged/ --budget 50 --text code=code.txt prose=prose.txt",
            "  amalgam search recipe.yml merged/ --score-cmd 'python evaluate.py {}' --jobs 4",
            "  amalgam search --auto base a b c merged/ --text code.txt",
            "",
            "The journal, the best recipe (best.yml) and search.json are in the folder OUT.search. The same command continues a stopped search; with a larger budget it continues a finished one.",
            "Texts are split: the search uses the first half of each, the final scores the second half."
        })
public final class SearchCommand extends Subcommand {
    private final Interruption interruption;

    @Parameters(
            arity = "0..*",
            hideParamSyntax = true,
            paramLabel = "RECIPE OUT",
            description =
                    "The recipe, or with --auto a base and its fine-tunes; then the output directory of the best merge.")
    private List<String> paths = List.of();

    @Option(
            names = "--auto",
            description =
                    "No recipe: optimise the weight of each model's task vector, separately for attention, MLPs and the rest.")
    private boolean auto;

    @Option(
            names = "--budget",
            paramLabel = "N",
            description = "Maximum number of candidates. Default: 100.")
    private int budget = 100;

    @Option(
            names = "--method",
            paramLabel = "METHOD",
            description = "cma-es, random or grid. Default: cma-es.")
    private String method = "cma-es";

    @Option(
            names = "--seed",
            paramLabel = "N",
            description = "Seed of the search; equal seeds give equal candidates. Default: 0.")
    private long seed;

    @Option(
            names = "--patience",
            paramLabel = "N",
            description = "Stop after N candidates in a row without improvement.")
    private @Nullable Integer patience;

    @Option(
            names = "--jobs",
            paramLabel = "N",
            description = "Score commands in parallel. Default: 1.")
    private int jobs = 1;

    @Mixin private ObjectiveMixin objective;

    @Option(
            names = "--held-out-cmd",
            paramLabel = "COMMAND",
            description = "Scores the result and the plain average at the end, on held-out data.")
    private @Nullable String heldOut;

    @Option(
            names = "--restart",
            description = "Discard the journal of an earlier search and start again.")
    private boolean restart;

    @Option(
            names = "--overwrite",
            description = "Replace the output of an earlier, different merge.")
    private boolean overwrite;

    @Option(
            names = "--html",
            paramLabel = "FILE",
            description = "Write a page with the progress and all candidates.")
    private @Nullable Path html;

    @Mixin private CardMixin card;
    @Mixin private PlanOptionsMixin planning;
    @Mixin private HubMixin hub;
    @Mixin private TokenizerMixin tokens;
    @Mixin private ResourceMixin resources;
    @Mixin private EngineMixin engine;
    @Mixin private VerbosityMixin verbosity;

    public SearchCommand(Console console, Interruption interruption) {
        super(console);
        this.interruption = interruption;
    }

    @Override
    public Integer call() throws IOException {
        checkUsage();
        if (html != null) {
            MergePages.requirePlace(html);
        }
        Path out = Path.of(paths.get(paths.size() - 1));
        Path folder = SearchFiles.beside(out);
        engine.warmUp();
        engine.explain(console, verbosity);
        Cancellation cancellation = interruption.merging();
        SearchRecipe recipe = recipe();
        Planner planner = new Planner(recipe, out);
        EngineOptions options = engine.options(resources);
        TokensMixin.Opening opening =
                TokensMixin.opening(hub, console, silent(), options.kernels());
        Objective whole = objective.objective(opening, options);
        SearchProgress progress = new SearchProgress(console, silent(), whole, budget);
        requireFree(recipe, planner, out);
        try {
            SearchSetup setup =
                    new SearchSetup(
                            recipe,
                            planner,
                            whole instanceof TextObjective texts ? texts.half(false) : whole,
                            judgeOfResult(whole),
                            objective.combination(),
                            method(),
                            seed,
                            budget,
                            patience == null ? 0 : patience,
                            jobs,
                            options,
                            folder,
                            restart,
                            progress,
                            cancellation);
            long begin = System.nanoTime();
            SearchResult result = Search.run(setup);
            double seconds = (System.nanoTime() - begin) / 1e9;
            return finish(setup, result, seconds, out);
        } catch (MergeCancelledException e) {
            throw new Failure.Ended(
                    ExitCode.INTERRUPTED,
                    Problem.of("interrupted").hint("give the same command again to continue"),
                    e);
        } catch (Search.AllFailed e) {
            throw new Failure.Ended(
                    ExitCode.FAILED,
                    Problem.of(Objects.requireNonNull(e.getMessage()))
                            .hint("see '" + folder + "'; then give --restart"),
                    e);
        }
    }

    private boolean silent() {
        return verbosity.quiet || json;
    }

    private SearchSetup.Method method() {
        for (SearchSetup.Method each : SearchSetup.Method.values()) {
            if (each.word().equals(method)) {
                return each;
            }
        }
        throw usage("option '--method': expected cma-es, random or grid, got '" + method + "'");
    }

    private void checkUsage() {
        if (budget < 1) {
            throw usage("option '--budget': expected at least 1, got " + budget);
        }
        if (patience != null && patience < 1) {
            throw usage("option '--patience': expected at least 1, got " + patience);
        }
        if (jobs < 1) {
            throw usage("option '--jobs': expected at least 1, got " + jobs);
        }
        method();
        checkPaths();
        if (!objective.isGiven()) {
            throw usage("one of '--score-cmd' and '--text' is needed: candidates must be judged");
        }
        if (heldOut != null && objective.byTexts()) {
            throw usage("option '--held-out-cmd' is for '--score-cmd': texts are split");
        }
        if (objective.byTexts() && jobs > 1) {
            throw usage("option '--jobs' is for '--score-cmd': texts are judged with all threads");
        }
        objective
                .complaint()
                .or(planning::complaint)
                .or(resources::complaint)
                .or(verbosity::complaint)
                .ifPresent(
                        text -> {
                            throw usage(text);
                        });
    }

    private void checkPaths() {
        List<String> wanted = auto ? List.of("BASE", "MODEL", "OUT") : List.of("RECIPE", "OUT");
        if (paths.contains("")) {
            throw usage("expected paths, got ''");
        }
        if (paths.size() < wanted.size()) {
            throw usage(
                    "missing " + String.join(" and ", wanted.subList(paths.size(), wanted.size())));
        }
        if (!auto && paths.size() > wanted.size()) {
            throw usage("one argument too many: '" + paths.get(2) + "'");
        }
    }

    private Optional<Objective> judgeOfResult(Objective whole) {
        if (whole instanceof TextObjective texts) {
            return Optional.of(texts.half(true));
        }
        return Optional.ofNullable(heldOut).map(objective::command);
    }

    private SearchRecipe recipe() throws IOException {
        if (!auto) {
            Path file = Path.of(paths.get(0));
            return SearchRecipe.read(file.toString(), RecipeReader.text(file));
        }
        String base = paths.get(0);
        TokensMixin.Opening opening = TokensMixin.opening(hub, console, silent(), engine.kernels());
        List<String> tensors;
        try (Checkpoint model = opening.open(base)) {
            tensors = List.copyOf(model.tensors().keySet());
        }
        String text = AutoRecipe.of(base, paths.subList(1, paths.size() - 1), tensors);
        return SearchRecipe.read("amalgam search", text);
    }

    /** Plans candidates and the average. */
    private final class Planner implements SearchSetup.Planner {
        private final String name;
        private final io.amalgam.Amalgam amalgam;

        Planner(SearchRecipe recipe, Path out) {
            this.name = recipe.template().file();
            io.amalgam.Amalgam all = hub.amalgam(console, silent());
            this.amalgam =
                    (auto ? all.folders(List.of(Path.of(""))) : all.foldersOf(Path.of(name)))
                            .writing(out);
        }

        @Override
        public StagedPlan plan(String text) throws IOException {
            return amalgam.plan(
                    io.amalgam.Amalgam.recipes(text, name, planning.strict),
                    tokens.on(planning.options()),
                    false);
        }

        @Override
        public MergePlan plan(Recipe recipe) throws IOException {
            return amalgam.plan(recipe, tokens.on(planning.options()));
        }
    }

    /** What the last merge would be refused for is found before hours of judging. */
    private void requireFree(SearchRecipe recipe, Planner planner, Path out) throws IOException {
        String first = recipe.first();
        try (StagedPlan plan = planner.plan(first)) {
            if (plan.result().isEmpty()) {
                throw new BadInputException(
                        Problem.of("all documents of the recipe have names: it has no result"));
            }
            boolean ours =
                    FinishedMerge.isFinished(out)
                            && SearchFiles.isResult(SearchFiles.beside(out), out);
            if (!ours) {
                List<Problem> problems =
                        StagedMerge.problems(plan, StagePlaces.beside(out), last(false));
                if (!problems.isEmpty()) {
                    throw new BadInputException(problems);
                }
            }
        }
    }

    /** Options of the last merge. */
    private EngineOptions last(boolean replaces) {
        return card.on(engine.options(resources))
                .resume(!overwrite && !replaces)
                .overwrite(overwrite || replaces);
    }

    /** The recipe as it stands beside the journal; unchanged where that would read other files. */
    private String moved(String text, Path place, StagedPlan plan) throws IOException {
        Path home = auto ? Path.of("") : Path.of(paths.get(0)).resolveSibling("");
        String moved = new MovedRecipe(text, home, place.resolveSibling("")).of(plan);
        io.amalgam.Amalgam amalgam = hub.amalgam(console, silent()).foldersOf(place);
        try (StagedPlan again =
                amalgam.plan(
                        io.amalgam.Amalgam.recipes(moved, place.toString(), false),
                        tokens.on(planning.options()),
                        false)) {
            return MovedRecipe.files(again).equals(MovedRecipe.files(plan)) ? moved : text;
        } catch (BadInputException e) {
            return text;
        }
    }

    private int finish(SearchSetup setup, SearchResult result, double seconds, Path out)
            throws IOException {
        SearchTables tables = new SearchTables(setup, result, seconds);
        SearchFiles files = new SearchFiles(setup.folder());
        boolean replaces =
                FinishedMerge.isFinished(out) && SearchFiles.isResult(setup.folder(), out);
        Path recipe = setup.folder().resolve(SearchFiles.RECIPE);
        try (StagedPlan plan = setup.planner().plan(tables.recipe());
                StageProgress progress = new StageProgress(console, true, true)) {
            AtomicFile.write(
                    recipe, moved(tables.recipe(), recipe, plan).getBytes(StandardCharsets.UTF_8));
            if (FinishedMerge.difference(plan.result().orElseThrow(), out).isPresent()) {
                StagedMerge.run(
                        plan,
                        StagePlaces.beside(out),
                        last(replaces),
                        progress,
                        setup.cancellation());
            }
        }
        files.write(tables.json(out));
        if (html != null) {
            MergePages.text(
                    html,
                    SearchPage.of("Search " + setup.recipe().template().file(), tables.json(out)));
        }
        if (json) {
            io.amalgam.cli.console.Json.print(console, tables.json(out));
        } else if (!verbosity.quiet) {
            List<String> lines = new ArrayList<>(tables.lines(console));
            lines.add(Console.oneLine("best recipe: " + recipe + "; merged to " + out));
            lines.forEach(console::print);
        }
        return ExitCode.DONE;
    }
}
