package io.amalgam.internal.engine;

import io.amalgam.checkpoint.Preparation;
import io.amalgam.engine.EngineOptions;
import io.amalgam.engine.MergeListener;
import io.amalgam.error.BadInputException;
import io.amalgam.error.Problem;
import io.amalgam.method.TensorStep;
import io.amalgam.method.WholeModelMethod;
import io.amalgam.plan.MergePlan;
import io.amalgam.plan.PlannedModelPass;
import io.amalgam.plan.TensorTask;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/**
 * The memory a plan takes, in bytes, and the block size that fits a budget. What is held does not
 * depend on the model's size, but for preparations and methods that hold whole tensors, which
 * declare what they hold.
 *
 * @param shared held once: by models that are computed while they are read, and by the results of
 *     preparations
 * @param preparation the most that a preparation holds while it runs, beside its own result
 * @param fullTensors what is held for each tensor that is worked on whole, that has rows longer
 *     than a unit, or of which something is kept from pass to pass, and for further such rows of
 *     it; the largest first
 * @param atOnce how many of them at a time
 * @param longestRow elements of the longest of the other rows
 * @param longRows whether the largest of {@code fullTensors} is for a row
 * @param rowBytes what a worker holds for them where they are longer than a block
 * @param state a worker's state of a pass over the model
 * @param inputs the most inputs of a task
 * @param quantised what a worker holds of a tensor that it quantises
 */
public record MemoryNeeds(
        long shared,
        long preparation,
        List<Long> fullTensors,
        int atOnce,
        boolean longRows,
        long longestRow,
        long rowBytes,
        long state,
        int inputs,
        long quantised,
        MergePlan plan,
        int threads) {
    private static final int MANY_SUMS = 1000;
    private static final int LARGEST_BLOCK = 1 << 14;
    private static final int SMALLEST_BLOCK = 1 << 10;

    public static MemoryNeeds of(MergePlan plan, int threads) {
        long results = 0;
        long preparation = 0;
        for (Preparation each : plan.preparations()) {
            results += each.resultBytes();
            preparation = Math.max(preparation, each.bytesHeld(threads));
        }
        List<Long> fullTensors = new ArrayList<>();
        int inputs = plan.tasks().stream().mapToInt(task -> task.sources().size()).max().orElse(1);
        long longUnit = 0;
        long longestRow = 1;
        long rowBytes = 0;
        boolean keeps = false;
        for (TensorTask task : plan.tasks()) {
            boolean surveyed =
                    plan.wholeModel().isPresent()
                            && task.method().orElse(null) instanceof WholeModelMethod;
            if (task.method().isPresent() && !surveyed) {
                TensorStep first = task.firstStage();
                TensorStep step = TaskRun.longestRows(first);
                long row = TaskRun.rowLength(step);
                long kept = TaskRun.bytesKept(first, task);
                long held = TaskRun.bytesHeld(step, task);
                if (kept + held > 0) {
                    longUnit = Math.max(longUnit, row > TaskRun.UNIT ? kept + held : 0);
                    fullTensors.add(kept + held);
                    // As many of its rows at a time as there are workers.
                    long rows = row > TaskRun.UNIT ? task.output().elements() / row : 1;
                    for (int unit = 1; unit < Math.min(threads, rows); unit++) {
                        fullTensors.add(held);
                    }
                }
                keeps |= kept > 0;
                if (held == 0) {
                    longestRow = Math.max(longestRow, row);
                    rowBytes = Math.max(rowBytes, Worker.rowBytesHeld(inputs, step));
                }
            }
        }
        fullTensors.sort(Comparator.reverseOrder());
        return new MemoryNeeds(
                plan.sharedModelBytes() + results,
                preparation,
                fullTensors,
                keeps ? threads + 1 : threads,
                longUnit > 0 && longUnit == fullTensors.get(0),
                longestRow,
                rowBytes,
                plan.wholeModel().map(PlannedModelPass::stateBytes).orElse(0L),
                inputs,
                plan.tasks().stream().mapToLong(QuantisedWriter::bytesHeld).max().orElse(0),
                plan,
                threads);
    }

    /**
     * The needs of a plan that fits the memory of these options.
     *
     * @throws BadInputException if it does not
     */
    static MemoryNeeds within(MergePlan plan, EngineOptions options) {
        MemoryNeeds needs = of(plan, options.threads());
        needs.tooLittle(options.memory())
                .ifPresent(
                        problem -> {
                            throw new BadInputException(problem);
                        });
        return needs;
    }

    /** The most that is held for one tensor. */
    long fullTensor() {
        return fullTensors.isEmpty() ? 0 : fullTensors.get(0);
    }

    /**
     * Elements the engine reads of each input at a time within a budget.
     *
     * @return a power of two; 0 if not even the smallest block fits
     */
    public int blockElements(long budget) {
        int block = LARGEST_BLOCK;
        while (block >= SMALLEST_BLOCK && total(block) > budget) {
            block /= 2;
        }
        return block < SMALLEST_BLOCK ? 0 : block;
    }

    /** Bytes held at the most: for several tensors where a budget has room. */
    public long most(long budget) {
        int block = blockElements(budget);
        long together = together(forFullTensors(budget, block));
        return shared
                + threads * eachWorker(block)
                + Math.max(preparation, Math.max(fullTensor(), together));
    }

    /**
     * The most that is held for several tensors within a budget; not less, where that is not worth
     * it.
     */
    private long together(long budget) {
        long first = fullTensors.stream().limit(atOnce).mapToLong(Long::longValue).sum();
        if (first <= budget) {
            return first;
        }
        TreeSet<Long> sums = new TreeSet<>(Set.of(0L));
        for (long size : new TreeSet<>(fullTensors)) {
            int many = Math.min(atOnce, Collections.frequency(fullTensors, size));
            TreeSet<Long> more = new TreeSet<>();
            for (long sum : sums) {
                for (int times = 0; times <= many && sum + times * size <= budget; times++) {
                    more.add(sum + times * size);
                }
            }
            sums = more;
            if (sums.size() > MANY_SUMS) {
                return budget;
            }
        }
        return sums.isEmpty() ? 0 : sums.last();
    }

    /** Bytes held with the block {@link #blockElements} chooses, one whole tensor at a time. */
    public long total(long budget) {
        return total(blockElements(budget));
    }

    private long total(int block) {
        return shared + threads * eachWorker(block) + Math.max(preparation, fullTensor());
    }

    /** Whether every worker can hold what an observer needs, beside the blocks of a budget. */
    boolean hasRoom(MergeListener.Observer observer, long budget) {
        int block = blockElements(budget);
        return total(block) + threads * observer.bytesHeld(inputs, block) <= budget;
    }

    /** What may be held for tensors together: one always runs. */
    long forFullTensors(long budget, int block) {
        return budget - shared - threads * eachWorker(block);
    }

    private long eachWorker(int block) {
        long models = plan.models().values().stream().mapToLong(m -> m.bytesPerReader(block)).sum();
        long rows = longestRow > block ? rowBytes : 0;
        return Worker.bytesHeld(inputs, block) + rows + models + state + quantised;
    }

    /** The problem with a budget, or with Java's heap; empty if both are enough. */
    public Optional<Problem> tooLittle(long budget) {
        return tooLittle(budget, Runtime.getRuntime().maxMemory());
    }

    Optional<Problem> tooLittle(long budget, long heap) {
        long least = total(SMALLEST_BLOCK);
        boolean fits = blockElements(budget) > 0;
        if (fits && total(budget) <= heap) {
            return Optional.empty();
        }
        Problem problem =
                Problem.expected(what(), "at least " + least + " bytes", fits ? heap : budget);
        if (least > EngineOptions.defaultMemory(heap)) {
            return Optional.of(problem.hint("start Java with -Xmx" + wholeGiB(2 * least) + "g"));
        }
        return Optional.of(
                problem.hint(
                        "raise EngineOptions.memory, or use fewer threads (EngineOptions.threads)"));
    }

    private static long wholeGiB(long bytes) {
        return (bytes + (1L << 30) - 1) >> 30;
    }

    private String what() {
        long buffers = threads * eachWorker(SMALLEST_BLOCK);
        Optional<Preparation> largest =
                plan.preparations().stream()
                        .max(
                                Comparator.comparingLong(
                                        each -> each.bytesHeld(threads) + each.resultBytes()));
        if (largest.isPresent() && preparation + shared > Math.max(fullTensor(), buffers)) {
            return "memory for the " + largest.get().title();
        }
        if (fullTensor() > buffers) {
            return longRows ? "memory for the longest row" : "memory for the largest tensor";
        }
        return "memory for the buffers of %d thread%s and %d input%s"
                .formatted(threads, threads == 1 ? "" : "s", inputs, inputs == 1 ? "" : "s");
    }
}
