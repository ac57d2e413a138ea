package io.amalgam.internal.parts;

import io.amalgam.engine.Cancellation;
import io.amalgam.engine.EngineOptions;
import io.amalgam.engine.MergeListener;
import io.amalgam.engine.MergeReport;
import io.amalgam.error.BadInputException;
import io.amalgam.error.Problem;
import io.amalgam.internal.engine.InputFile;
import io.amalgam.internal.engine.MergeEngine;
import io.amalgam.internal.engine.OutputCheck;
import io.amalgam.internal.engine.PartReport;
import io.amalgam.internal.engine.PassRun;
import io.amalgam.internal.engine.SharedResults;
import io.amalgam.internal.io.FileWrites;
import io.amalgam.internal.stages.StagedPlan;
import io.amalgam.plan.MergePlan;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** Runs one part of a merge. */
public final class PartedMerge {
    private final MergePlan plan;
    private final Part part;
    private final Path out;
    private final Agreement agreement;
    private final Set<Integer> files;

    /**
     * @param request that the plan was made of
     * @param command that runs its parts
     */
    public PartedMerge(
            MergePlan plan, Part part, Path out, PlanRequest request, PartCommand command)
            throws IOException {
        this.plan = plan;
        this.part = part;
        this.out = out;
        this.agreement =
                new Agreement(plan.hash(), part.of(), InputFile.of(plan), request, command);
        this.files = MergeEngine.parts(plan, part.of()).get(part.number() - 1);
    }

    /**
     * The plan to run in parts.
     *
     * @throws BadInputException if other merges come before it
     */
    public static MergePlan plan(StagedPlan plan) {
        if (plan.result().isEmpty() || !plan.written().isEmpty()) {
            throw new BadInputException(
                    Problem.expected(
                                    "recipe for a merge in parts",
                                    "documents that need not be written first",
                                    plan.written().isEmpty()
                                            ? "none without a name"
                                            : "'" + plan.written().get(0).name() + "'")
                            .hint("merge that document to a folder, and name the folder instead"));
        }
        return plan.result().get();
    }

    /**
     * The result of a part.
     *
     * @param wasFinished whether it was there already
     * @param missing parts of the merge that are not finished
     */
    public record Outcome(PartReport part, boolean wasFinished, List<Integer> missing) {
        public Outcome {
            missing = List.copyOf(missing);
        }
    }

    /** Bytes of this part's files. */
    public long bytes() {
        return files.stream().mapToLong(file -> plan.layout().files().get(file).size()).sum();
    }

    /** Positions of this part's files in the plan's layout. */
    public Set<Integer> files() {
        return files;
    }

    /** What speaks against running this part. */
    public List<Problem> problems(EngineOptions options) throws IOException {
        List<Problem> problems =
                new ArrayList<>(
                        OutputCheck.partProblems(
                                plan, out, options.overwrite() || isJoining(), bytes()));
        Optional<PartsFolder> there = PartsFolder.in(out);
        if (there.isPresent() && MergeEngine.isWriting(there.get().of(part))) {
            problems.add(
                    Problem.of("another merge is writing part " + part + " of '" + out + "'")
                            .hint("wait for it to end, or run another part"));
        }
        if (problems.isEmpty() && !options.overwrite()) {
            try {
                there.ifPresent(folder -> folder.agreement().require(agreement, out));
            } catch (BadInputException e) {
                problems.addAll(e.problems());
            }
        }
        return problems;
    }

    private boolean isJoining() throws IOException {
        Optional<PartsFolder> there = PartsFolder.in(out);
        return there.isPresent() && there.get().joining().isPresent();
    }

    /**
     * Writes this part's files, unless they are there. What an earlier run has begun is continued.
     *
     * @throws BadInputException if the output or the data of an input cannot be used, or other
     *     parts there are of another merge
     * @throws IOException if reading or writing fails; the part can be run again
     * @throws io.amalgam.engine.MergeCancelledException if stopped; likewise
     */
    public Outcome run(EngineOptions options, MergeListener listener, Cancellation cancellation)
            throws IOException {
        List<Problem> problems = problems(options);
        if (!problems.isEmpty()) {
            throw new BadInputException(problems);
        }
        PartsFolder folder = PartsFolder.begin(out, agreement, options.overwrite());
        Optional<PartReport> there = folder.whole(part);
        if (there.isPresent()) {
            plan.warnings().forEach(listener::warned);
            return new Outcome(there.get(), true, folder.missing());
        }
        Path home = folder.of(part);
        MergeReport report =
                MergeEngine.runPart(
                        plan,
                        files,
                        home,
                        options.overwrite(false).resume(MergeEngine.continues(plan, home)),
                        folder.shared(),
                        listener,
                        cancellation);
        PartReport done = new PartReport(part.number(), files, "", report);
        folder.finished(part, done);
        return new Outcome(done, false, folder.missing());
    }

    /**
     * Makes this part's share of a pass over the whole model, which all parts then use.
     *
     * @param pass its number, from 1
     * @return bytes read, 0 if the share was there; empty if there are fewer passes
     * @throws BadInputException likewise, or if a share of an earlier pass is missing
     */
    public Optional<Long> pass(
            int pass, EngineOptions options, MergeListener listener, Cancellation cancellation)
            throws IOException {
        List<Problem> problems = problems(options);
        if (!problems.isEmpty()) {
            throw new BadInputException(problems);
        }
        PartsFolder folder = PartsFolder.begin(out, agreement, options.overwrite());
        if (folder.shared().hasShare(pass, part.number())) {
            return Optional.of(0L);
        }
        for (int before = 1; before < pass && plan.wholeModel().isPresent(); before++) {
            for (int missing : folder.shared().missingShares(before)) {
                problems.add(
                        Problem.expected(
                                        "pass " + before + " of '" + out + "'",
                                        "the shares of all parts",
                                        "none of part " + missing)
                                .hint("run '" + agreement.command().ofPass(before, missing) + "'"));
            }
        }
        if (!problems.isEmpty()) {
            throw new BadInputException(problems);
        }
        return new PassRun(plan, options, folder.shared(), listener, cancellation)
                .share(/* number= */ pass, /* part= */ part.number(), folder.of(part));
    }

    /**
     * Lets parts begin: checks the output, and says what they have in common.
     *
     * @return numbers of the parts that are not finished
     * @throws BadInputException if the output cannot be used
     */
    public List<Integer> begin(EngineOptions options) throws IOException {
        List<Problem> problems = problems(options);
        if (!problems.isEmpty()) {
            throw new BadInputException(problems);
        }
        return PartsFolder.begin(out, agreement, options.overwrite()).missing();
    }

    /**
     * Writes this part's files as one of several attempts, of which the first to end counts. The
     * parts have {@linkplain #begin begun}.
     *
     * @param attempt a name that no other attempt has
     * @param by who makes it, for the report
     * @param shared by all parts
     * @return what is there of the part, by this attempt or another
     */
    public PartReport attempt(
            String attempt,
            String by,
            SharedResults shared,
            EngineOptions options,
            MergeListener listener,
            Cancellation cancellation)
            throws IOException {
        PartsFolder folder =
                PartsFolder.in(out)
                        .orElseThrow(() -> new IOException("'" + out + "' has no parts any more"));
        folder.agreement().require(agreement, out);
        Optional<PartReport> there = folder.whole(part);
        if (there.isPresent()) {
            return there.get();
        }
        Path home = folder.of(part).resolveSibling(part.folder() + "." + attempt);
        try {
            MergeReport report =
                    MergeEngine.runPart(plan, files, home, options, shared, listener, cancellation);
            PartReport done = new PartReport(part.number(), files, by, report);
            return folder.adopt(part, done, home);
        } finally {
            FileWrites.deleteTree(home);
        }
    }
}
