package io.amalgam;

import io.amalgam.checkpoint.StoredTensor;
import io.amalgam.checkpoint.TensorSource;
import io.amalgam.engine.Cancellation;
import io.amalgam.engine.EngineOptions;
import io.amalgam.engine.MergeCancelledException;
import io.amalgam.engine.MergeListener;
import io.amalgam.error.BadInputException;
import io.amalgam.error.Problem;
import io.amalgam.internal.engine.FiniteCheck;
import io.amalgam.internal.engine.InMemory;
import io.amalgam.kernel.Kernels;
import io.amalgam.method.MergeMethod;
import io.amalgam.method.MergeMethod.FailedException;
import io.amalgam.method.ModelPass;
import io.amalgam.method.TensorCall;
import io.amalgam.method.TensorStep;
import io.amalgam.method.WholeModelMethod;
import io.amalgam.plan.MergePlan;
import io.amalgam.plan.TensorTask;
import java.io.IOException;
import java.nio.channels.ClosedByInterruptException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.ops.transforms.Transforms;

/** Runs a plan into arrays, tensor by tensor, on the calling thread. */
final class ArrayPlanRunner {
    private final MergePlan plan;
    private final Kernels kernels;
    private final boolean checkFinite;
    private final MergeListener listener;
    private final Cancellation cancellation;

    ArrayPlanRunner(
            MergePlan plan,
            EngineOptions options,
            MergeListener listener,
            Cancellation cancellation) {
        this.plan = plan;
        this.kernels = options.kernels();
        this.checkFinite = !options.allowNonfinite();
        this.listener = listener;
        this.cancellation = cancellation;
    }

    Map<String, INDArray> run() throws IOException {
        long begin = System.nanoTime();
        Map<String, INDArray> merged = new LinkedHashMap<>();
        long written = 0;
        long read = 0;
        plan.warnings().forEach(listener::warned);
        listener.started(plan, 0);
        Map<String, float[]> together = wholeModel();
        for (TensorTask task : plan.modelTasks()) {
            cancellation.throwIfRequested();
            if (Thread.interrupted()) {
                throw MergeCancelledException.byInterrupt(new ClosedByInterruptException());
            }
            String name = task.output().name();
            merged.put(name, merge(task, together.get(name)));
            written += task.output().bytes();
            read += task.inputBytes();
            listener.progressed(
                    new MergeListener.Progress(
                            merged.size(),
                            written,
                            plan.outputBytes(),
                            read + written,
                            System.nanoTime() - begin));
        }
        return merged;
    }

    /** The tensors of a method that looks at all of them first; nothing for any other. */
    private Map<String, float[]> wholeModel() throws IOException {
        Map<String, float[]> merged = new HashMap<>();
        if (plan.wholeModel().isEmpty()) {
            return merged;
        }
        List<TensorTask> tasks =
                plan.wholeModel().get().tasks().stream().map(plan.tasks()::get).toList();
        MergeMethod method = tasks.get(0).method().orElseThrow();
        List<TensorCall> calls = tasks.stream().map(TensorTask::call).toList();
        boolean check = checkFinite && !takesNonfinite(method, calls);
        List<List<float[]>> values = new ArrayList<>();
        for (TensorTask task : tasks) {
            values.add(values(task, check));
        }
        List<float[]> results = InMemory.merge(method, calls, values, kernels);
        for (int i = 0; i < tasks.size(); i++) {
            merged.put(tasks.get(i).output().name(), results.get(i));
        }
        return merged;
    }

    /** Whether the method judges models with NaN itself, and may leave them out. */
    private static boolean takesNonfinite(MergeMethod method, List<TensorCall> calls) {
        return method instanceof WholeModelMethod whole
                && whole.survey(calls).orElse(null) instanceof ModelPass.Pass<?> pass
                && pass.takesNonfinite();
    }

    private INDArray merge(TensorTask task, float @Nullable [] known) throws IOException {
        if (!task.output().dtype().arithmetic()) {
            boolean largest =
                    task.method().isPresent()
                            && task.firstStage() instanceof TensorStep.CopyLargest;
            return largest ? largest(task) : equal(task);
        }
        boolean check = checkFinite && !isCopied(task);
        float[] result = known != null ? known : computed(task, check);
        if (check) {
            FiniteCheck.result(task, 0, result, result.length, kernels);
        }
        return ArrayBytes.rounded(result, task.output(), kernels);
    }

    private float[] computed(TensorTask task, boolean check) throws IOException {
        try {
            return InMemory.run(task.firstStage(), values(task, check), kernels);
        } catch (RuntimeException e) {
            throw FailedException.of(task.action(), task.output().name(), e);
        }
    }

    /** A tensor of a file that goes to the result as it is, unseen, as in merges of files. */
    private static boolean isCopied(TensorTask task) {
        return task.firstStage() instanceof TensorStep.Copy copy
                && task.sources().get(copy.input()) instanceof StoredTensor stored
                && stored.info().dtype() == task.output().dtype();
    }

    private List<float[]> values(TensorTask task, boolean check) throws IOException {
        List<float[]> values = new ArrayList<>();
        for (TensorSource source : task.sources()) {
            values.add(
                    source instanceof ArrayModel.ArraySource array
                            ? array.floats()
                            : OpenModel.decode(source));
        }
        if (check) {
            FiniteCheck.inputs(task, values, kernels);
        }
        return values;
    }

    /** Integers of which the largest is kept, element by element. */
    private static INDArray largest(TensorTask task) throws IOException {
        INDArray largest = array(task.sources().get(0));
        for (TensorSource other : task.sources()) {
            if (!largest.isEmpty()) {
                largest = Transforms.max(largest, array(other));
            }
        }
        return largest;
    }

    /** Integers: what all inputs agree on. */
    private static INDArray equal(TensorTask task) throws IOException {
        INDArray first = array(task.sources().get(0));
        for (TensorSource other : task.sources()) {
            if (!first.isEmpty() && !first.equals(array(other))) {
                throw new BadInputException(
                        Problem.of(
                                        task.output().dtype()
                                                + " tensor '"
                                                + task.output().name()
                                                + "' differs between the models")
                                .hint("integers and booleans are copied, never averaged"));
            }
        }
        return first;
    }

    private static INDArray array(TensorSource source) throws IOException {
        if (!(source instanceof ArrayModel.ArraySource own)) {
            return OpenModel.read(source);
        }
        return own.array().isEmpty() ? own.array() : own.array().dup();
    }
}
