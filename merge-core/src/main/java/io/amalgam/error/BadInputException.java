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
    private final transient List<Problem> warnings;

    public BadInputException(List<Problem> problems) {
        this(problems, List.of());
    }

    /**
     * @param warnings what looks wrong too, and may be the reason: not part of the message
     */
    public BadInputException(List<Problem> problems, List<Problem> warnings) {
        super(problems.stream().map(Problem::toString).collect(Collectors.joining("\n")));
        this.problems = List.copyOf(problems);
        this.warnings = List.copyOf(warnings);
    }

    public BadInputException(Problem problem) {
        this(List.of(problem));
    }

    public BadInputException(Problem problem, Throwable cause) {
        super(problem.toString(), cause);
        this.problems = List.of(problem);
        this.warnings = List.of();
    }

    /** At least one, in the order they were found. */
    public List<Problem> problems() {
        return problems;
    }

    /** What was found beside the problems and would not have stopped anything by itself. */
    public List<Problem> warnings() {
        return warnings;
    }
}
