package io.amalgam.internal.spark;

import io.amalgam.error.BadInputException;
import io.amalgam.error.Problem;
import java.io.IOException;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * What a task hands back: results by name, or what is wrong with the input. The latter is a value,
 * not a failure: a failed task is tried again, which helps against a lost machine alone.
 */
record TaskResult(HashMap<String, byte[]> results, ArrayList<String> problems)
        implements Serializable {
    /** A task's work. */
    interface Work {
        Map<String, byte[]> run() throws IOException;
    }

    static TaskResult of(Work work) throws IOException {
        try {
            return new TaskResult(new HashMap<>(work.run()), new ArrayList<>());
        } catch (BadInputException e) {
            ArrayList<String> problems = new ArrayList<>();
            e.problems().forEach(problem -> problems.add(problem.toString()));
            return new TaskResult(new HashMap<>(), problems);
        }
    }

    /**
     * The results of all tasks.
     *
     * @throws BadInputException if a task found something wrong
     */
    static Map<String, byte[]> all(List<TaskResult> tasks) {
        Map<String, byte[]> all = new HashMap<>();
        List<Problem> problems = new ArrayList<>();
        for (TaskResult task : tasks) {
            all.putAll(task.results);
            task.problems.stream().map(Problem::of).forEach(problems::add);
        }
        if (!problems.isEmpty()) {
            throw new BadInputException(problems.stream().distinct().toList());
        }
        return all;
    }
}
