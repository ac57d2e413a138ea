package io.amalgam.internal.parts;

import io.amalgam.engine.EngineOptions;
import io.amalgam.engine.MergeReport;
import io.amalgam.error.BadInputException;
import io.amalgam.error.Problem;
import io.amalgam.internal.engine.InputFile;
import io.amalgam.internal.engine.MergeEngine;
import io.amalgam.internal.engine.OutputCheck;
import io.amalgam.internal.engine.PartReport;
import io.amalgam.plan.MergePlan;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Makes a model of the parts of a merge, once all of them are there. */
public final class JoinedMerge {
    private final Path out;
    private final PartsFolder folder;
    private final List<PartReport> reports = new ArrayList<>();
    private final Map<String, Path> made = new LinkedHashMap<>();

    /**
     * Looks at all parts.
     *
     * @throws BadInputException naming every part that is missing or not whole, with the command
     *     that runs it
     */
    public JoinedMerge(Path out, PartsFolder folder) throws IOException {
        this.out = out;
        this.folder = folder;
        Agreement agreement = folder.agreement();
        List<Problem> problems = new ArrayList<>();
        for (int number = 1; number <= agreement.parts(); number++) {
            Part part = new Part(number, agreement.parts());
            Optional<PartReport> report = folder.report(part);
            Optional<String> got =
                    report.isEmpty() ? Optional.of("no such part") : take(part, report.get());
            if (got.isPresent()) {
                problems.add(
                        Problem.expected(
                                        "part " + part + " of '" + out + "'",
                                        "its files",
                                        got.get())
                                .hint("run '" + agreement.command().ofPart(number) + "'"));
            }
        }
        if (!problems.isEmpty()) {
            throw new BadInputException(problems);
        }
    }

    /** Takes a part's files, from its folder or, after an interrupted join, from their places. */
    private Optional<String> take(Part part, PartReport report) throws IOException {
        for (MergeReport.WrittenFile file : report.report().files()) {
            Path inPart = folder.of(part).resolve(file.name());
            Path inPlace = out.resolve(file.name());
            if (PartsFolder.isWhole(inPart, file)) {
                made.put(file.name(), inPart);
            } else if (folder.joining().isPresent() && PartsFolder.isWhole(inPlace, file)) {
                made.put(file.name(), inPlace);
            } else {
                return Optional.of("'" + file.name() + "' missing or changed");
            }
        }
        reports.add(report);
        return Optional.empty();
    }

    /**
     * Makes the model.
     *
     * @param plan made of the parts' request
     * @throws BadInputException if it is another plan than the parts', or its inputs changed, or
     *     the output cannot be used
     * @throws IOException if writing fails; it can be repeated
     */
    public MergeReport run(MergePlan plan, EngineOptions options) throws IOException {
        Agreement agreement = folder.agreement();
        if (!plan.hash().equals(agreement.planHash())) {
            throw new BadInputException(
                    Problem.expected(
                                    "parts in '" + out + "'",
                                    "parts of the plan that their recipe makes now",
                                    "parts of another plan")
                            .hint(
                                    "models or version have changed: begin all parts again with EngineOptions.overwrite(true)"));
        }
        agreement.requireUnchanged(InputFile.of(plan));
        boolean overwrite = folder.joining().orElse(options.overwrite());
        List<Problem> problems =
                OutputCheck.partProblems(
                        plan,
                        out,
                        overwrite || folder.joining().isPresent(),
                        plan.diskBytes() - plan.layout().bytes());
        if (!problems.isEmpty()) {
            throw new BadInputException(problems);
        }
        folder.beginJoining(overwrite);
        folder.shared().restore(plan, options);
        MergeReport report =
                MergeEngine.join(plan, out, made, reports, options.overwrite(overwrite));
        folder.remove();
        return report;
    }
}
