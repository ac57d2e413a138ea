package io.amalgam.error;

import java.util.List;
import java.util.stream.Collectors;

/**
 * Unusable input: a recipe, a file, or a combination of both. Contains all problems found, not only
 * the first.
 */
public class BadInputException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final transient List<Problem> problems;
    private final transient List<Problem> warnings;

    /** All problems; at least one. */
    public BadInputException(List<Problem> problems) {
        this(problems, List.of());
    }

    /**
     * @param warnings possible causes; not part of the message
     */
    public BadInputException(List<Problem> problems, List<Problem> warnings) {
        super(problems.stream().map(Problem::toString).collect(Collectors.joining("\n")));
        this.problems = List.copyOf(problems);
        this.warnings = List.copyOf(warnings);
    }

    /** A single problem. */
    public BadInputException(Problem problem) {
        this(List.of(problem));
    }

    /** A single problem, and what made it known. */
    public BadInputException(Problem problem, Throwable cause) {
        super(problem.toString(), cause);
        this.problems = List.of(problem);
        this.warnings = List.of();
    }

    /** The problems in the order they were found, at least one. */
    public List<Problem> problems() {
        return problems;
    }

    /** Warnings found together with the problems. */
    public List<Problem> warnings() {
        return warnings;
    }
}
