package io.amalgam.internal.io;

import com.fasterxml.jackson.databind.node.ArrayNode;
import io.amalgam.error.Problem;
import java.util.List;

/** Problems in documents for programs. */
public final class ProblemJson {
    private ProblemJson() {}

    /** Adds an object for each problem. */
    public static void put(ArrayNode array, List<Problem> problems) {
        for (Problem problem : problems) {
            array.addObject()
                    .put("what", problem.what())
                    .put("expected", problem.expected())
                    .put("found", problem.found())
                    .put("where", problem.where())
                    .put("hint", problem.hint());
        }
    }
}
