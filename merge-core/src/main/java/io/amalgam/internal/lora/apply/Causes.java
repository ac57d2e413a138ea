package io.amalgam.internal.lora.apply;

import io.amalgam.error.Problem;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Groups problems of many modules with one cause: the first is reported, the others are counted.
 */
public final class Causes {
    private record Cause(Problem first, String advice, int count) {}

    private final Map<String, Cause> causes = new LinkedHashMap<>();

    /**
     * @param cause what modules may have in common
     * @param problem of one of them
     * @param advice for all
     */
    public void add(String cause, Problem problem, String advice) {
        causes.merge(
                cause,
                new Cause(problem, advice, 1),
                (old, other) -> new Cause(old.first, old.advice, old.count + 1));
    }

    /** A line for each cause. */
    public List<Problem> problems() {
        List<Problem> problems = new ArrayList<>();
        for (Cause cause : causes.values()) {
            int others = cause.count - 1;
            String more =
                    others == 0
                            ? ""
                            : "the same for "
                                    + others
                                    + (others == 1 ? " other module; " : " other modules; ");
            problems.add(cause.first.hint(more + cause.advice));
        }
        return problems;
    }
}
