package io.amalgam.internal.search;

import io.amalgam.error.BadInputException;
import io.amalgam.error.Problem;
import io.amalgam.internal.engine.InputFile;
import io.amalgam.internal.recipe.SearchRange;
import io.amalgam.internal.runs.Objective;
import io.amalgam.internal.runs.PlannedCandidate;
import io.amalgam.internal.stages.StagedPlan;
import io.amalgam.plan.MergePlan;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Looks for the values of a recipe's places that give the best model. What was judged is in a
 * journal: a search that was stopped goes on where it was, and one with a larger budget goes on
 * from there. The same seed gives the same candidates.
 */
public final class Search {
    private static final String CANDIDATE = "candidate";

    /** Times in a row that a strategy may ask for nothing new. */
    private static final int FRUITLESS = 30;

    private final SearchSetup setup;
    private final Map<Map<String, String>, Trial> trials = new LinkedHashMap<>();
    private Optional<Trial> best = Optional.empty();
    private int chosen;
    private int resumed;

    private Search(SearchSetup setup) {
        this.setup = setup;
    }

    /**
     * Searches.
     *
     * @throws BadInputException if the first candidate cannot be planned, the journal is another
     *     search's, or the objective cannot be used at all
     * @throws AllFailed if no candidate could be judged
     * @throws io.amalgam.engine.MergeCancelledException if stopped
     */
    public static SearchResult run(SearchSetup setup) throws IOException {
        return new Search(setup).run();
    }

    /** No candidate could be judged. */
    public static final class AllFailed extends IOException {
        private static final long serialVersionUID = 1;

        AllFailed(String first) {
            super("no candidate could be judged, the first one because of: " + first);
        }
    }

    private SearchResult run() throws IOException {
        Strategy strategy = strategy();
        Map<String, String> identity = identity();
        try (PlannedCandidate start =
                candidate("the first candidate", setup.recipe().values(setup.recipe().start()))) {
            setup.objective().check(start, setup.cancellation());
        }
        try (SearchJournal journal =
                SearchJournal.open(setup.folder(), identity, setup.restart())) {
            String end = search(strategy, journal);
            List<Trial> all =
                    trials.values().stream()
                            .sorted(Comparator.comparingInt(Trial::number))
                            .toList();
            if (best.isEmpty()) {
                throw new AllFailed(all.get(0).problem());
            }
            return result(journal, all, best.get(), end);
        }
    }

    private SearchResult result(SearchJournal journal, List<Trial> all, Trial found, String end)
            throws IOException {
        Baseline baseline = new Baseline(setup, journal);
        String text = setup.recipe().plain().fill(found.values());
        Optional<Trial> average = baseline.average(setup.objective(), "average");
        Optional<Trial> bestHeldOut = Optional.empty();
        Optional<Trial> averageHeldOut = Optional.empty();
        if (setup.heldOut().isPresent()) {
            Objective heldOut = setup.heldOut().get();
            bestHeldOut =
                    Optional.of(
                            baseline.judged(
                                    "held-out",
                                    found.values(),
                                    heldOut,
                                    () -> setup.planner().plan(filled(found.values()))));
            averageHeldOut =
                    average.isEmpty() ? average : baseline.average(heldOut, "average-held-out");
        }
        return new SearchResult(all, found, text, bestHeldOut, average, averageHeldOut, end);
    }

    private Strategy strategy() {
        SearchRecipe recipe = setup.recipe();
        return switch (setup.method()) {
            case CMA_ES -> new CmaStrategy(recipe.start(), setup.seed());
            case RANDOM -> new RandomStrategy(recipe.start(), setup.seed());
            case GRID -> new GridStrategy(recipe.ranges(), steps());
        };
    }

    private long steps() {
        List<SearchRange> ranges = setup.recipe().ranges();
        long steps = GridStrategy.steps(ranges, setup.budget());
        if (steps < 2) {
            throw new BadInputException(
                    Problem.expected(
                                    "budget of a grid",
                                    "at least %.0f candidates"
                                            .formatted(GridStrategy.least(ranges)),
                                    setup.budget())
                            .hint("raise it, or search by cma-es or random"));
        }
        return steps;
    }

    private String filled(Map<String, String> values) {
        return setup.recipe().template().fill(values);
    }

    /** What candidates and their figures depend on. */
    private Map<String, String> identity() throws IOException {
        Map<String, String> identity = new LinkedHashMap<>();
        identity.put("recipe", hash(setup.recipe().plain().text().lines().toList()));
        List<String> ranges = new ArrayList<>();
        for (SearchRange range : setup.recipe().ranges()) {
            ranges.add(range.name() + " " + range.words() + " " + range.start());
        }
        identity.put("ranges", String.join("; ", ranges));
        String method = setup.method().word();
        boolean grid = setup.method() == SearchSetup.Method.GRID;
        identity.put("method", grid ? method + " of " + steps() : method);
        identity.put("seed", String.valueOf(setup.seed()));
        identity.put("objective", String.join(" ", setup.objective().identity()));
        identity.put("combination", setup.combination().identity());
        identity.put("input", hash(inputs()));
        return identity;
    }

    /** Files of the models; planning the start also shows what is wrong with all candidates. */
    private List<String> inputs() throws IOException {
        Map<String, String> start = setup.recipe().values(setup.recipe().start());
        Set<String> files = new LinkedHashSet<>();
        try (StagedPlan plan = setup.planner().plan(filled(start))) {
            plan.warnings().forEach(setup.listener()::warned);
            List<MergePlan> plans = new ArrayList<>();
            plan.steps().forEach(step -> plans.add(step.plan()));
            plan.result().ifPresent(plans::add);
            for (MergePlan each : plans) {
                for (InputFile file : InputFile.origins(each)) {
                    Path name = file.path().toAbsolutePath().normalize();
                    files.add(name + " " + file.bytes() + " " + file.millis());
                }
            }
        }
        return List.copyOf(files);
    }

    private static String hash(List<String> lines) {
        try {
            byte[] text = String.join("\n", lines).getBytes(StandardCharsets.UTF_8);
            byte[] digest = MessageDigest.getInstance("SHA-256").digest(text);
            return HexFormat.of().formatHex(digest, 0, 8);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }

    /** Why it ended, in words. */
    private String search(Strategy strategy, SearchJournal journal) throws IOException {
        int fruitless = 0;
        while (true) {
            List<double[]> points = strategy.ask();
            if (points.isEmpty()) {
                return "every candidate was judged";
            }
            int before = trials.size();
            String end = judge(points, journal);
            if (!end.isEmpty()) {
                return end;
            }
            strategy.tell(points.stream().mapToDouble(this::figure).toArray());
            if (trials.size() >= setup.recipe().candidates()) {
                return "every candidate was judged";
            }
            fruitless = trials.size() > before ? 0 : fruitless + 1;
            if (fruitless == FRUITLESS * (setup.method() == SearchSetup.Method.RANDOM ? 100 : 1)) {
                return "no new candidate was found";
            }
        }
    }

    private double figure(double[] point) {
        Trial trial = trials.get(setup.recipe().values(point));
        double figure = trial == null ? Double.NaN : trial.figure();
        return setup.objective().losses() ? figure : -figure;
    }

    /** Judges points that are new; says why the search ends with them, if it does. */
    private String judge(List<double[]> points, SearchJournal journal) throws IOException {
        Deque<Map<String, String>> waiting = new ArrayDeque<>();
        for (double[] point : points) {
            Map<String, String> values = setup.recipe().values(point);
            if (!trials.containsKey(values) && !waiting.contains(values)) {
                waiting.add(values);
            }
        }
        List<Running> running = new ArrayList<>();
        int jobs = setup.objective().isParallel() ? setup.jobs() : 1;
        try {
            while (true) {
                String end = end();
                if (running.isEmpty() && (waiting.isEmpty() || !end.isEmpty())) {
                    return end;
                }
                while (running.size() < jobs && !waiting.isEmpty() && end().isEmpty()) {
                    begin(waiting.removeFirst(), journal).ifPresent(running::add);
                }
                wait(running, journal);
            }
        } finally {
            for (Running each : running) {
                each.close();
            }
        }
    }

    private String end() {
        if (chosen >= setup.budget()) {
            return "the budget of " + setup.budget() + " is used up";
        }
        int since = trials.size() - best.map(Trial::number).orElse(0);
        boolean patient = setup.patience() == 0 || since < setup.patience();
        return patient ? "" : "%d candidates in a row were no better".formatted(setup.patience());
    }

    private Optional<Running> begin(Map<String, String> values, SearchJournal journal)
            throws IOException {
        setup.cancellation().throwIfRequested();
        int number = ++chosen;
        Optional<Trial> known = journal.known(CANDIDATE, values);
        if (known.isPresent()) {
            resumed++;
            take(known.get());
            return Optional.empty();
        }
        if (resumed > 0) {
            setup.listener().resumed(resumed);
            resumed = 0;
        }
        Running running = new Running(number, values, candidate(CANDIDATE + "-" + number, values));
        try {
            running.begin(setup.objective(), setup.cancellation());
            return Optional.of(running);
        } catch (IOException | RuntimeException e) {
            try (running) {
                throw e;
            }
        }
    }

    private PlannedCandidate candidate(String name, Map<String, String> values) {
        return new PlannedCandidate(
                name,
                () -> setup.planner().plan(filled(values)),
                setup.folder().resolve(name.replace(' ', '-')),
                setup.engine());
    }

    private void wait(List<Running> running, SearchJournal journal) throws IOException {
        for (Running each : List.copyOf(running)) {
            setup.cancellation().throwIfRequested();
            long millis = Objective.Judging.MILLIS / running.size();
            if (each.isDone(millis)) {
                running.remove(each);
                Trial trial;
                try (each) {
                    trial = each.trial(setup);
                }
                journal.add(CANDIDATE, trial);
                take(trial);
                setup.listener().judged(trial, best.filter(trial::equals).isPresent());
            }
        }
    }

    private void take(Trial trial) {
        trials.put(trial.values(), trial);
        boolean better =
                !trial.failed()
                        && (best.isEmpty()
                                || setup.objective().isBetter(trial.figure(), best.get().figure()));
        if (better) {
            best = Optional.of(trial);
        }
    }
}
