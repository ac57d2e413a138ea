package io.amalgam.cli.merge;

import io.amalgam.cli.console.Console;
import io.amalgam.cli.console.ProgressView;
import io.amalgam.cli.options.ResourceMixin;
import io.amalgam.engine.Cancellation;
import io.amalgam.engine.EngineOptions;
import io.amalgam.engine.MergeReport;
import io.amalgam.error.BadInputException;
import io.amalgam.error.Problem;
import io.amalgam.internal.runs.PathsRecipe;
import io.amalgam.plan.MergePlan;
import io.amalgam.plan.PlanOptions;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.function.UnaryOperator;

/**
 * Merges of models that are named on the command line instead of in a recipe. The recipe is made
 * here, and kept beside the result like any other.
 */
public record PathsMerge(
        String command,
        String method,
        List<Path> models,
        String parameters,
        PlanOptions options,
        io.amalgam.Amalgam amalgam) {
    /**
     * @param parameters as a recipe has them on one line, without braces; may be empty
     * @param options what the plan depends on besides
     * @param amalgam what merges are made with
     */
    public PathsMerge {
        models = List.copyOf(models);
    }

    /** A merge whose result is dense. */
    public PathsMerge(
            String command,
            String method,
            List<Path> models,
            String parameters,
            io.amalgam.Amalgam amalgam) {
        this(command, method, models, parameters, PlanOptions.DEFAULT, amalgam);
    }

    private MergePlan plan(io.amalgam.Amalgam with) throws IOException {
        return with.plan(PathsRecipe.of(command, method, models, parameters), options);
    }

    /** What more is wrong with a plan. */
    interface Check {
        List<Problem> problems(MergePlan plan) throws IOException;
    }

    /**
     * Checks the models, and writes nothing.
     *
     * @throws BadInputException with what is wrong with them, or else what {@code more} finds
     */
    void check(Console console, Path out, Check more) throws IOException {
        try (MergePlan plan = plan(amalgam.writing(out))) {
            console.warnings(plan.warnings());
            List<Problem> problems = more.problems(plan);
            if (!problems.isEmpty()) {
                throw new BadInputException(problems);
            }
        }
    }

    /**
     * Merges.
     *
     * @param output says what to do with a directory that is not empty
     */
    public MergeSummary run(
            Path out,
            UnaryOperator<EngineOptions> output,
            ResourceMixin resources,
            ProgressView progress,
            Cancellation cancellation)
            throws IOException {
        EngineOptions options = resources.on(io.amalgam.Amalgam.engine());
        try (MergePlan plan = plan(amalgam.writing(out))) {
            MergeReport report =
                    io.amalgam.Amalgam.run(
                            plan, out, output.apply(options), progress, cancellation);
            return new MergeSummary(plan, report, out);
        }
    }
}
