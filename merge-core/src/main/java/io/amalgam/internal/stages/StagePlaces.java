package io.amalgam.internal.stages;

import io.amalgam.error.Problem;
import io.amalgam.internal.engine.FinishedMerge;
import io.amalgam.internal.io.FileWrites;
import io.amalgam.plan.MergePlan;
import io.amalgam.plan.MergePlan.Step;
import java.io.IOException;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;

/**
 * The output folders of a staged merge: the result, and each written stage in a folder with its
 * name.
 *
 * @param out of the document without a name
 * @param stages the folder that stages' folders are in
 * @param kept whether stages stay; if not, {@code stages} is a folder of this merge alone
 * @param again whether stages are merged anew that are there, whole, from an earlier run
 */
public record StagePlaces(Path out, Path stages, boolean kept, boolean again) {
    /** Ends the name of the folder beside an output that stages are written to for a while. */
    public static final String FOLDER = ".amalgam-stages";

    /** Stages beside the output, removed when it is there. */
    public static StagePlaces beside(Path out) {
        Path whole = out.toAbsolutePath().normalize();
        Path name = Objects.requireNonNullElse(whole.getFileName(), Path.of("out"));
        return new StagePlaces(out, whole.resolveSibling(name + FOLDER), false, false);
    }

    /** Stages that stay, in a folder. */
    public static StagePlaces keeping(Path out, Path stages) {
        return new StagePlaces(out, stages, true, false);
    }

    /**
     * The places of a plan: kept in the folder given, else beside the output. Where all documents
     * have names, the output is the folder of their results.
     */
    public static StagePlaces of(StagedPlan plan, Path out, Optional<Path> kept) {
        if (kept.isPresent()) {
            return keeping(out, kept.get());
        }
        return plan.result().isEmpty() ? keeping(out, out) : beside(out);
    }

    /** These places, where stages are merged again even if they are there. */
    public StagePlaces anew(boolean always) {
        return new StagePlaces(out, stages, kept, always);
    }

    /** The folder of a stage. */
    public Path of(String stage) {
        return stages.resolve(stage);
    }

    /** Names of the stages whose results are there and need not be merged. */
    Set<String> done(StagedPlan plan) throws IOException {
        Set<String> done = new HashSet<>();
        for (Step step : plan.written()) {
            if (!again && FinishedMerge.difference(step.plan(), of(step.name())).isEmpty()) {
                done.add(step.name());
            }
        }
        return done;
    }

    /** Stages that would lie in the output, which is then not empty, or around it. */
    Optional<Problem> nested(StagedPlan plan) {
        Path whole = out.toAbsolutePath().normalize();
        if (plan.result().isEmpty()) {
            return Optional.empty();
        }
        for (Step step : plan.written()) {
            Path folder = of(step.name()).toAbsolutePath().normalize();
            if (folder.startsWith(whole) || whole.startsWith(folder)) {
                return Optional.of(
                        Problem.expected(
                                        "folder of stage '" + step.name() + "'",
                                        "one apart from the output '" + out + "'",
                                        "'" + of(step.name()) + "'")
                                .hint("keep stages in a folder beside the output"));
            }
        }
        return Optional.empty();
    }

    /** Stages whose folders, as far as they are there, are one: by their case, or by a link. */
    Optional<Problem> shared(StagedPlan plan) throws IOException {
        List<Step> steps = plan.written();
        for (int i = 1; i < steps.size(); i++) {
            for (int j = 0; j < i; j++) {
                Path one = of(steps.get(j).name());
                Path other = of(steps.get(i).name());
                if (Files.exists(one) && Files.exists(other) && Files.isSameFile(one, other)) {
                    return Optional.of(
                            Problem.expected(
                                            "folders of stages '"
                                                    + steps.get(j).name()
                                                    + "' and '"
                                                    + steps.get(i).name()
                                                    + "'",
                                            "two",
                                            "one, '" + one + "'")
                                    .hint("rename one of the documents"));
                }
            }
        }
        return Optional.empty();
    }

    /** The space that all outputs on the result's disk take, where only together it is too much. */
    List<Problem> space(StagedPlan plan, Set<String> done) throws IOException {
        Optional<MergePlan> result = plan.result();
        if (kept || result.isEmpty()) {
            return List.of();
        }
        long needed = result.get().diskBytes();
        for (Step step : plan.written()) {
            needed += done.contains(step.name()) ? 0 : step.plan().diskBytes();
        }
        Path existing = out.toAbsolutePath();
        while (existing != null && !Files.isDirectory(existing)) {
            existing = existing.getParent();
        }
        long free =
                existing == null ? Long.MAX_VALUE : Files.getFileStore(existing).getUsableSpace();
        if (plan.written().isEmpty() || free >= needed) {
            return List.of();
        }
        return List.of(
                Problem.expected(
                                "space for '" + out + "' and the stages beside it",
                                needed + " bytes",
                                free + " bytes free")
                        .hint("free some, or keep the stages on another disk")
                        .ofStorage());
    }

    /** Removes the stages' folders, unless they are kept. The result is there by now. */
    void clean(StagedPlan plan) throws IOException {
        if (kept || !Files.isDirectory(stages)) {
            return;
        }
        try {
            for (Step step : plan.written()) {
                FileWrites.deleteTree(of(step.name()));
            }
            deleteIfEmpty();
        } catch (FileSystemException e) {
            throw FileWrites.leftOver(stages, "what it took", e);
        }
    }

    private void deleteIfEmpty() throws IOException {
        try {
            Files.delete(stages);
        } catch (DirectoryNotEmptyException e) {
            // A stage of another recipe that was merged to the same output, or what is not ours.
            return;
        }
    }
}
