package io.amalgam.error;

import java.util.List;
import java.util.stream.Collectors;

/**
 * What the user gave cannot be used: a recipe, a file, a combination of both. Holds every problem
 * found, not only the first.
 */
public class BadInputException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final transient List<Problem> problems;

    public BadInputException(List<Problem> problems) {
        super(problems.stream().map(Problem::toString).collect(Collectors.joining("\n")));
        this.problems = List.copyOf(problems);
    }

    public BadInputException(Problem problem) {
        this(List.of(problem));
    }

    public BadInputException(Problem problem, Throwable cause) {
        super(problem.toString(), cause);
        this.problems = List.of(problem);
    }

    /** At least one, in the order they were found. */
    public List<Problem> problems() {
        return problems;
    }
}
