package io.amalgam.runs;

import io.amalgam.error.BadInputException;
import io.amalgam.error.Problem;
import io.amalgam.internal.recipe.yaml.RecipeReader;
import io.amalgam.internal.runs.RecipeTemplate;
import io.amalgam.internal.runs.Sweep;
import io.amalgam.runs.Batch.Job;
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
final class BatchJobs {
    private final List<Sweep> sweeps;
    private final List<Job> jobs = new ArrayList<>();
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
    static List<Job> of(List<Path> files, List<Sweep> sweeps) throws IOException {
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
            jobs.add(new Job(name(file, values), file, template.fill(values), values));
        }
    }

    private void checkUsed() {
        for (Sweep sweep : sweeps) {
            if (!used.contains(sweep.name())) {
                problems.add(
                        Problem.of(
                                        "no recipe has a place '${"
                                                + sweep.name()
                                                + "}' for the values of 'Batch.sweep "
                                                + sweep.name()
                                                + "'")
                                .hint(RecipeTemplate.placesAre(used)));
            }
        }
    }

    /** Folders that differ only in case are one on some systems. */
    private void checkNames() {
        Map<String, Job> byName = new HashMap<>();
        for (Job job : jobs) {
            if (job.name().equalsIgnoreCase(Batch.FILE)) {
                problems.add(
                        Problem.of(
                                        "'"
                                                + job.recipe()
                                                + "' would be merged to a folder '"
                                                + job.name()
                                                + "', where the summary goes")
                                .hint("rename it"));
            }
            Job other = byName.putIfAbsent(job.name().toLowerCase(Locale.ROOT), job);
            if (other != null) {
                problems.add(
                        Problem.of(
                                        "'"
                                                + other.recipe()
                                                + "' and '"
                                                + job.recipe()
                                                + "' would both be merged to a folder '"
                                                + job.name()
                                                + "'")
                                .hint("rename one, or give them different output folders"));
            }
        }
    }

    /** Names that no file system minds, and no model reference takes apart. */
    static String name(Path file, Map<String, String> values) {
        String whole = file.getFileName().toString();
        int dot = whole.lastIndexOf('.');
        StringBuilder name = new StringBuilder(dot > 0 ? whole.substring(0, dot) : whole);
        values.forEach(
                (key, value) ->
                        name.append('_')
                                .append(key)
                                .append('=')
                                .append(value.replaceAll("[^\\p{L}\\p{N}._=-]+", "-")));
        return name.toString();
    }
}
