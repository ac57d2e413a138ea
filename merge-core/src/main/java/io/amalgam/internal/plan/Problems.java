package io.amalgam.internal.plan;

import io.amalgam.error.BadInputException;
import io.amalgam.error.Problem;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Collects problems to report them together; a problem of many tensors is reported once. */
public final class Problems {
    private final Map<String, Entry> entries = new LinkedHashMap<>();
    private int added;

    private static final class Entry {
        final Problem problem;
        int count;

        Entry(Problem problem) {
            this.problem = problem;
        }
    }

    public void add(Problem problem) {
        add(problem.toString(), problem);
    }

    void addAll(BadInputException exception) {
        exception.problems().forEach(this::add);
    }

    /** Problems with the same key are reported as the first of them, with their number. */
    public void add(String key, Problem problem) {
        added++;
        entries.computeIfAbsent(key, unused -> new Entry(problem)).count++;
    }

    /** A problem of the recipe, not of its tensors: said once and not counted. */
    void addOnce(String key, Problem problem) {
        added++;
        entries.computeIfAbsent(key, unused -> new Entry(problem)).count = 1;
    }

    /** How often something was added, what had been said before included. */
    int added() {
        return added;
    }

    boolean isEmpty() {
        return entries.isEmpty();
    }

    List<Problem> all() {
        List<Problem> all = new ArrayList<>();
        for (Entry entry : entries.values()) {
            Problem problem = entry.problem;
            all.add(
                    entry.count == 1
                            ? problem
                            : problem.withWhat(
                                    problem.what()
                                            + " (and "
                                            + (entry.count - 1)
                                            + (entry.count == 2
                                                    ? " more tensor)"
                                                    : " more tensors)")));
        }
        return all;
    }

    void throwIfAny(List<Problem> warnings) {
        if (!isEmpty()) {
            throw new BadInputException(all(), warnings);
        }
    }
}
