package io.amalgam.internal.engine;

import io.amalgam.checkpoint.StoredTensor;
import io.amalgam.engine.MergeListener.Watch;
import io.amalgam.internal.checkpoint.CopiedCodes;
import io.amalgam.method.TensorStep;
import io.amalgam.plan.TensorTask;
import io.amalgam.tensor.DType;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * One tensor on its way: the stage it is in, which units of it are given out, and what they gave.
 * Guarded by the scheduler's lock, except {@link #advance()}, which the worker that finished a
 * stage's last unit calls alone.
 */
final class TaskRun {
    /**
     * Elements of a unit, the piece of a tensor one worker takes. Never to be changed: sums are
     * merged unit by unit, so another size would give other last bits.
     */
    static final long UNIT = 1 << 18;

    /** Bytes of a unit where the system copies: nothing is summed, and fewer calls are cheaper. */
    private static final long COPY_UNIT = 1 << 24;

    final int index;
    final TensorTask task;

    /** Where its first tensor is in the plan's layout. */
    final int place;

    /** The output's file that it is in, by its position in the layout. */
    final int file;

    /** Whether its values are looked at, and nothing is written. */
    final boolean measures;

    /** The largest magnitude that a quantiser needs; of a run that measures, what it found. */
    float largest;

    private final Supplier<TensorStep> first;

    /** What wants to see its values. */
    private @Nullable Watch<?> watch;

    private @Nullable ShownTensor<?> watched;
    private @Nullable TensorStep stage;
    private long kept;
    private long heldByUnit;
    private int unitsOut;
    private boolean touched;
    private long unitElements;
    private int units;
    private int nextUnit;

    /**
     * Each pass begins where the one before ended: what was read last may be in the cache still.
     */
    private boolean backwards = true;

    private int doneUnits;
    private Object[] partials = new Object[1];
    private List<Object> sharedStates = new ArrayList<>();
    private int[] checksums = new int[0];
    private Parts[] parts = new Parts[0];

    TaskRun(int index, TensorTask task) {
        this(index, task, task::firstStage);
    }

    /** Of what a unit wrote of each tensor that a quantised one is written as. */
    record Parts(int[] crcs, long[] bytes) {}

    /**
     * @param first gives the first stage when the tensor is begun
     */
    TaskRun(int index, TensorTask task, Supplier<TensorStep> first) {
        this(index, index, 0, task, first, false);
    }

    TaskRun(
            int index,
            int place,
            int file,
            TensorTask task,
            Supplier<TensorStep> first,
            boolean measures) {
        this.index = index;
        this.place = place;
        this.file = file;
        this.task = task;
        this.first = first;
        this.measures = measures;
    }

    /** A stage without work, after which nothing comes: ends a pass that writes nothing. */
    static final TensorStep NOTHING =
            (TensorStep.Sample)
                    reader -> {
                        throw new IllegalStateException("there is nothing to do");
                    };

    /** Its values are shown, where its last stage can show them; said before it begins. */
    void watch(@Nullable Watch<?> by) {
        watch = by;
    }

    /** What its values are shown to in this stage. */
    @Nullable ShownTensor<?> watched() {
        return watched;
    }

    /** Begins with the first stage. */
    void begin() {
        TensorStep step = given(first.get());
        kept = bytesKept(step, task);
        heldByUnit = bytesHeld(longestRows(step), task);
        enter(step);
    }

    /** What a stage copies byte by byte; empty if the output must be computed or converted. */
    static Optional<StoredTensor> copied(TensorTask task, int input) {
        return input < task.sources().size() && task.quantiser().isEmpty()
                ? task.sources()
                        .get(input)
                        .stored()
                        .filter(stored -> stored.info().dtype() == task.output().dtype())
                : Optional.empty();
    }

    /** The input that the output is a copy of, once it is written; -1 if it was computed. */
    int copiedInput() {
        return stage instanceof TensorStep.Copy copy && copied(task, copy.input()).isPresent()
                ? copy.input()
                : -1;
    }

    /** A piece of work: a stage over some elements of a tensor. */
    record Unit(TaskRun run, TensorStep stage, int number, long from, long to) {}

    /** Elements of a unit whose blocks hold whole rows. */
    static long unitElements(long rowLength) {
        return Math.max(rowLength, UNIT / rowLength * rowLength);
    }

    /** Elements of a unit that the system copies. */
    private static long copyUnit(DType type) {
        return COPY_UNIT * type.blockElements() / type.blockBytes() / UNIT * UNIT;
    }

    /** A step that a method gave: without one, nothing would be written. */
    static TensorStep given(@Nullable TensorStep step) {
        return Objects.requireNonNull(step, "no step was returned");
    }

    /** Moves to a stage whose units can then be taken. */
    void enter(TensorStep next) {
        stage = given(next);
        long row = rowLength(next);
        unitElements = copiedInput() < 0 ? unitElements(row) : copyUnit(task.output().dtype());
        if (isLast() && task.quantiser().isPresent()) {
            unitElements = unitElements(together(row, task.quantiser().get().together()));
        }
        boolean whole = isWhole(next);
        long elements = task.output().elements();
        units =
                next == NOTHING
                        ? 0
                        : whole ? 1 : Math.toIntExact((elements + unitElements - 1) / unitElements);
        watched =
                watch != null && units > 0 && ShownTensor.isPossible(task, next)
                        ? ShownTensor.of(watch, task, units)
                        : null;
        nextUnit = 0;
        doneUnits = 0;
        backwards = !backwards;
        partials =
                new Object
                        [next instanceof TensorStep.Reduce<?> reduce && !reduce.anyOrder()
                                ? units
                                : 1];
        sharedStates = new ArrayList<>();
        checksums = isLast() ? new int[units] : new int[0];
        parts = isLast() && task.quantiser().isPresent() ? new Parts[units] : new Parts[0];
    }

    /** Whether a step's only unit is the whole tensor. */
    private boolean isWhole(@Nullable TensorStep step) {
        return step instanceof TensorStep.Sample
                || step instanceof TensorStep.FullTensor
                || copiesCodes();
    }

    /** Whether it is written as codes and scales that are an input's. */
    boolean copiesCodes() {
        return task.quantiser().orElse(null) instanceof CopiedCodes;
    }

    /** Elements that are whole rows and whole steps of a quantiser; all, if need be. */
    private long together(long row, int step) {
        long common = row;
        for (long rest = step; rest != 0; ) {
            long next = common % rest;
            common = rest;
            rest = next;
        }
        long steps = step / common;
        long all = Math.max(1, task.output().elements());
        return row >= all || steps >= all / row + 1 ? all : steps * row;
    }

    /** Lets go of what its stages held, once it is over: the run itself is kept. */
    void release() {
        stage = null;
        watched = null;
        partials = new Object[1];
        sharedStates = List.of();
        touched = false;
        checksums = new int[0];
        parts = new Parts[0];
    }

    /** Elements of the rows that a step's blocks hold whole; 1 where it has none. */
    static long rowLength(TensorStep step) {
        if (step instanceof TensorStep.Combine combine) {
            return combine.rowLength();
        }
        return step instanceof TensorStep.Reduce<?> reduce ? reduce.rowLength() : 1;
    }

    /** The step of a chain that says what its units hold. */
    static TensorStep longestRows(TensorStep first) {
        return first instanceof TensorStep.Reduce<?> reduce ? reduce.longestRows() : first;
    }

    /** Bytes that the steps of a tensor keep from pass to pass. */
    static long bytesKept(TensorStep first, TensorTask task) {
        if (!(first instanceof TensorStep.Reduce<?> reduce)) {
            return 0;
        }
        // Units of whole rows may be shorter, but no shorter than half.
        long units = 1 + 2 * task.output().elements() / UNIT;
        return reduce.bytesKept(units);
    }

    /**
     * Bytes held from the first unit on to the end: what is kept, and what one unit holds, whether
     * one is worked on or not; what further ones hold.
     */
    long bytesHeld() {
        return !touched ? 0 : kept + Math.max(1, unitsOut) * heldByUnit;
    }

    /** Bytes held more than now if another unit is taken. */
    long bytesOfNext() {
        return !touched ? kept + heldByUnit : unitsOut == 0 ? 0 : heldByUnit;
    }

    /**
     * What a unit of a step holds beside its worker's buffers: a whole tensor, with its result
     * where that is to be quantised, or a row that is longer than other units.
     */
    static long bytesHeld(TensorStep step, TensorTask task) {
        if (step instanceof TensorStep.FullTensor full) {
            long result = task.quantiser().isPresent() ? task.output().elements() * Float.BYTES : 0;
            return full.bytesHeld() + result;
        }
        long row = rowLength(step);
        return row > UNIT ? Worker.rowBytesHeld(task.sources().size(), step) : 0;
    }

    boolean hasUnit() {
        return stage != null && nextUnit < units;
    }

    Unit takeUnit() {
        touched = true;
        unitsOut++;
        int number = backwards ? units - 1 - nextUnit++ : nextUnit++;
        boolean whole = isWhole(stage);
        long elements = task.output().elements();
        long from = whole ? 0 : number * unitElements;
        return new Unit(
                this,
                Objects.requireNonNull(stage),
                number,
                from,
                whole ? elements : Math.min(elements, from + unitElements));
    }

    /**
     * Takes a unit's result: a state, a next stage, or a checksum. Returns whether it was the
     * stage's last.
     */
    boolean complete(Unit unit, Object result) {
        if (result instanceof Integer checksum && isLast()) {
            checksums[unit.number()] = checksum;
        } else if (result instanceof Parts written) {
            parts[unit.number()] = written;
        } else if (result instanceof Float found && measures) {
            largest = Math.max(largest, found);
        } else {
            partials[partials.length == 1 ? 0 : unit.number()] = result;
        }
        unitsOut--;
        return ++doneUnits == units;
    }

    /** A state to fold into that no worker uses now: for reductions that are exact in any order. */
    Object borrowState(TensorStep.Reduce<?> reduce) {
        if (reduce instanceof ModelPassRun<?>.OfTensor survey) {
            return survey.borrow();
        }
        return sharedStates.isEmpty()
                ? reduce.newState()
                : sharedStates.remove(sharedStates.size() - 1);
    }

    void returnState(Object state) {
        if (stage instanceof ModelPassRun<?>.OfTensor survey) {
            survey.giveBack(state);
            return;
        }
        sharedStates.add(state);
    }

    /** Whether the stage writes the output. */
    boolean isLast() {
        return !(stage instanceof TensorStep.Reduce<?>) && !(stage instanceof TensorStep.Sample);
    }

    /** The stage after the finished one. */
    TensorStep advance() {
        if (stage instanceof ModelPassRun<?>.OfTensor survey && survey.anyOrder()) {
            return NOTHING;
        }
        if (stage instanceof TensorStep.Reduce<?> reduce) {
            return next(reduce);
        }
        return (TensorStep) partials[0];
    }

    @SuppressWarnings("unchecked")
    private <S> TensorStep next(TensorStep.Reduce<S> reduce) {
        Object[] states = reduce.anyOrder() ? sharedStates.toArray() : partials;
        S total = (S) states[0];
        for (int i = 1; i < states.length; i++) {
            total = reduce.merge(total, (S) states[i]);
        }
        return reduce.next(total);
    }

    /** CRC-32C of each written tensor, if it is no copy. */
    int[] checksums() {
        if (task.quantiser().isEmpty()) {
            return new int[] {checksum()};
        }
        int[] crcs = new int[task.written().size()];
        for (Parts written : parts) {
            for (int part = 0; part < crcs.length; part++) {
                crcs[part] =
                        new Checksum.Shift(written.bytes()[part])
                                .append(crcs[part], written.crcs()[part]);
            }
        }
        return crcs;
    }

    private int checksum() {
        int crc = 0;
        Checksum.Shift shift = new Checksum.Shift(0);
        long elements = task.output().elements();
        for (int unit = 0; unit < checksums.length; unit++) {
            long from = unit * unitElements;
            long to = units == 1 ? elements : Math.min(elements, from + unitElements);
            long bytes = task.output().dtype().bytesFor(to - from);
            if (bytes != shift.bytes()) {
                shift = new Checksum.Shift(bytes);
            }
            crc = shift.append(crc, checksums[unit]);
        }
        return crc;
    }
}
