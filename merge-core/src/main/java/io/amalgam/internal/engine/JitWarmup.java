package io.amalgam.internal.engine;

import com.fasterxml.jackson.databind.json.JsonMapper;
import io.amalgam.error.BadInputException;
import io.amalgam.internal.encoding.TensorEncoding;
import io.amalgam.kernel.Kernels;
import io.amalgam.kernel.Workspace;
import io.amalgam.method.TensorCall;
import io.amalgam.method.TensorStep;
import io.amalgam.plan.MergePlan;
import io.amalgam.plan.TensorTask;
import io.amalgam.tensor.DType;
import io.amalgam.tensor.Shape;
import io.amalgam.tensor.TensorInfo;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;

/**
 * Runs a plan's method on small made-up tensors until the JVM has compiled what it uses. Vector
 * code that is not compiled yet is slower than scalar code by orders of magnitude; a large merge
 * would spend its first seconds in it, a block at a time.
 */
public final class JitWarmup {
    /** Below this many bytes a merge is over before a rehearsal would be. */
    private static final long WORTH_IT = 256L << 20;

    private static final int ELEMENTS = 256;

    /** Enough that methods take the ways they take with large tensors. */
    private static final int BLOCKS = 300;

    /** A little over the 50 calls after which the launcher has vector code compiled. */
    private static final int ROUNDS = 60;

    /** An even number of rows and one more: products take rows by twos. */
    private static final int ROWS = 3;

    private static final int RANK = 4;

    private JitWarmup() {}

    /**
     * Begins with what nearly every merge needs, the conversions of 16-bit types, on a thread of
     * its own while the caller reads the recipe and plans.
     */
    public static void beginWithConversions(Kernels kernels) {
        begin(kernels, () -> conversions(kernels));
    }

    /** The same, and low-rank products besides: for merges of adapters. */
    public static void beginWithProducts(Kernels kernels) {
        begin(
                kernels,
                () -> {
                    products(kernels);
                    conversions(kernels);
                });
    }

    /** What comparisons need: of models, or of a merge with what it is made of. */
    public static void beginWithComparisons(Kernels kernels) {
        begin(kernels, () -> comparisons(kernels));
    }

    private static void begin(Kernels kernels, Runnable rehearsal) {
        if (kernels.name().equals("scalar")) {
            return;
        }
        Thread thread = new Thread(rehearsal, "amalgam-rehearsal");
        thread.setDaemon(true);
        thread.start();
    }

    /**
     * Loads what planning needs and the JVM is slow to set up, on a thread of its own while the
     * caller reads its arguments: date formats, which JSON mappers make for themselves, and the
     * providers of digests.
     */
    public static void beginWithLibraries() {
        Thread thread = new Thread(JitWarmup::libraries, "amalgam-libraries");
        thread.setDaemon(true);
        thread.start();
    }

    private static void libraries() {
        JsonMapper.builder().build();
        try {
            MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            // The planner will say so.
            return;
        }
    }

    private static void conversions(Kernels kernels) {
        float[] values = new float[ELEMENTS];
        short[] raw = new short[ELEMENTS];
        for (int round = 0; round < ROUNDS; round++) {
            kernels.floatToBf16(values, raw, ELEMENTS);
            kernels.bf16ToFloat(raw, values, 0, ELEMENTS);
        }
    }

    private static void comparisons(Kernels kernels) {
        float[] x = new float[ELEMENTS];
        float[] base = new float[ELEMENTS];
        float[][] two = {x, base};
        double[][] lanes = new double[4][Kernels.LANES];
        for (int round = 0; round < ROUNDS; round++) {
            kernels.change(x, base, lanes, x, ELEMENTS);
            kernels.dot(x, base, lanes[0], ELEMENTS);
            kernels.countOpposite(two, 2, ELEMENTS);
        }
    }

    private static void products(Kernels kernels) {
        float[][] right = new float[RANK][ELEMENTS];
        float[] left = new float[RANK * ROWS];
        float[] values = new float[ROWS * ELEMENTS];
        float[][] spare = new float[2][ELEMENTS];
        for (int round = 0; round < ROUNDS; round++) {
            kernels.addProducts(left, 0, right, RANK, ROWS, 0, ELEMENTS, values, 0, spare);
        }
    }

    /** Whether a rehearsal pays for itself. */
    static boolean isWorthIt(MergePlan plan, Kernels kernels) {
        return plan.outputBytes() >= WORTH_IT && !kernels.name().equals("scalar");
    }

    /** Runs the first task that computes anything; changes nothing but the JVM's mind. */
    static void run(MergePlan plan, Kernels kernels) {
        Optional<TensorTask> task =
                plan.tasks().stream()
                        .filter(t -> t.method().isPresent() && t.output().dtype().arithmetic())
                        .findFirst();
        if (task.isEmpty()) {
            return;
        }
        if (task.get().firstStage() instanceof TensorStep.Copy) {
            return;
        }
        TensorCall call = task.get().call();
        if (IntStream.range(0, call.inputs().size()).anyMatch(i -> !task.get().alongOutput(i))) {
            // Work on whole matrices, whose shapes belong together.
            return;
        }
        TensorInfo small =
                new TensorInfo(call.output().name(), DType.F32, Shape.of(BLOCKS, ELEMENTS));
        List<TensorCall.Input> inputsOf = new ArrayList<>();
        for (TensorCall.Input input : call.inputs()) {
            boolean apart = input.role() == TensorCall.Role.STATISTIC;
            inputsOf.add(
                    apart
                            ? TensorCall.Input.statistic(
                                    input.model(), input.part(), input.of(), small.shape())
                            : input);
        }
        TensorCall rehearsed =
                new TensorCall(small, inputsOf, call.base(), call.shared(), call.seed());
        List<float[]> inputs = new ArrayList<>();
        for (int i = 0; i < call.inputs().size(); i++) {
            inputs.add(values(i));
        }
        TensorStep first;
        try {
            first = task.get().method().get().bind(rehearsed);
            InMemory.run(first, inputs, kernels, ELEMENTS);
        } catch (BadInputException e) {
            // A call that only makes sense for the real shape: what is left is compiled on the way.
            return;
        }
        Workspace workspace = new Workspace(kernels, ELEMENTS);
        float[] sample = Arrays.copyOf(inputs.get(0), ELEMENTS);
        for (int round = 0; round < ROUNDS; round++) {
            convert(task.get().output().dtype(), sample, workspace);
            convert(task.get().sources().get(0).info().dtype(), sample, workspace);
        }
    }

    /** Numbers in no order, of both signs. */
    private static float[] values(int seed) {
        float[] values = new float[BLOCKS * ELEMENTS];
        int state = seed;
        for (int i = 0; i < values.length; i++) {
            state += 0x9e3779b9;
            values[i] = (state ^ state >>> 15) * 0x1p-31f;
        }
        return values;
    }

    private static void convert(DType type, float[] values, Workspace workspace) {
        if (type.arithmetic()) {
            TensorEncoding.of(type).round(values, ELEMENTS, workspace);
        }
    }
}
