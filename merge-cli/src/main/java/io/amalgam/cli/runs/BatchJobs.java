package io.amalgam.cli.runs;

import io.amalgam.error.BadInputException;
import io.amalgam.error.Problem;
import io.amalgam.internal.recipe.yaml.RecipeReader;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/** The merges that recipes and sweeps make. */
public final class BatchJobs {
    private final List<Sweep> sweeps;
    private final List<BatchJob> jobs = new ArrayList<>();
    private final List<Problem> problems = new ArrayList<>();
    private final Set<String> used = new LinkedHashSet<>();

    private BatchJobs(List<Sweep> sweeps) {
        this.sweeps = sweeps;
    }

    /**
     * One job for each recipe and combination of the values it has places for.
     *
     * @throws BadInputException if a recipe cannot be read, a place has no value, a value no place,
     *     or two jobs would have one folder
     */
    public static List<BatchJob> of(List<Path> files, List<Sweep> sweeps) throws IOException {
        BatchJobs jobs = new BatchJobs(sweeps);
        for (Path file : files) {
            try {
                jobs.add(file);
            } catch (BadInputException e) {
                jobs.problems.addAll(e.problems());
            }
        }
        jobs.checkUsed();
        jobs.checkNames();
        if (!jobs.problems.isEmpty()) {
            throw new BadInputException(jobs.problems);
        }
        return jobs.jobs;
    }

    private void add(Path file) throws IOException {
        RecipeTemplate template = new RecipeTemplate(file.toString(), RecipeReader.text(file));
        Set<String> names = new LinkedHashSet<>();
        sweeps.forEach(sweep -> names.add(sweep.name()));
        problems.addAll(template.unfilled(names));
        used.addAll(template.names());
        if (!names.containsAll(template.names())) {
            return;
        }
        for (Map<String, String> values : Sweep.combinations(sweeps, template.names())) {
            jobs.add(
                    new BatchJob(BatchJob.name(file, values), file, template.fill(values), values));
        }
    }

    private void checkUsed() {
        for (Sweep sweep : sweeps) {
            if (!used.contains(sweep.name())) {
                problems.add(
                        Problem.of(
                                        "no recipe has a place '${"
                                                + sweep.name()
                                                + "}' for the values of '--sweep "
                                                + sweep.name()
                                                + "'")
                                .hint(
                                        used.isEmpty()
                                                ? "write it where the values are to stand"
                                                : "the places are '${"
                                                        + String.join("}', '${", used)
                                                        + "}'"));
            }
        }
    }

    /** Folders that differ only in case are one on some systems. */
    private void checkNames() {
        Map<String, BatchJob> byName = new HashMap<>();
        for (BatchJob job : jobs) {
            if (job.name().equalsIgnoreCase(Batch.FILE)) {
                problems.add(
                        Problem.of(
                                        "'"
                                                + job.file()
                                                + "' would be merged to a folder '"
                                                + job.name()
                                                + "', where the summary goes")
                                .hint("rename it"));
            }
            BatchJob other = byName.putIfAbsent(job.name().toLowerCase(Locale.ROOT), job);
            if (other != null) {
                problems.add(
                        Problem.of(
                                        "'"
                                                + other.file()
                                                + "' and '"
                                                + job.file()
                                                + "' would both be merged to a folder '"
                                                + job.name()
                                                + "'")
                                .hint("rename one, or give them different output folders"));
            }
        }
    }
}
