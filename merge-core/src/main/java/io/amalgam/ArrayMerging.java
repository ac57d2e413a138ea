package io.amalgam;

import io.amalgam.checkpoint.TensorSource;
import io.amalgam.engine.Cancellation;
import io.amalgam.engine.InMemory;
import io.amalgam.engine.MergeListener;
import io.amalgam.error.BadInputException;
import io.amalgam.error.Problem;
import io.amalgam.kernel.Kernels;
import io.amalgam.plan.MergePlan;
import io.amalgam.plan.TensorTask;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.nd4j.linalg.api.ndarray.INDArray;

/** Runs a plan into arrays, tensor by tensor, on the calling thread. */
final class ArrayMerging {
    private final MergePlan plan;
    private final Kernels kernels;
    private final MergeListener listener;
    private final Cancellation cancellation;

    ArrayMerging(
            MergePlan plan, Kernels kernels, MergeListener listener, Cancellation cancellation) {
        this.plan = plan;
        this.kernels = kernels;
        this.listener = listener;
        this.cancellation = cancellation;
    }

    Map<String, INDArray> run() throws IOException {
        long begin = System.nanoTime();
        Map<String, INDArray> merged = new LinkedHashMap<>();
        long written = 0;
        long read = 0;
        listener.started(plan, 0);
        for (TensorTask task : plan.tasks()) {
            cancellation.throwIfRequested();
            merged.put(task.output().name(), task.method().isPresent() ? merge(task) : equal(task));
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

    private INDArray merge(TensorTask task) throws IOException {
        List<float[]> values = new ArrayList<>();
        for (TensorSource source : task.sources()) {
            values.add(
                    source instanceof ArrayModel.ArraySource array
                            ? array.floats()
                            : TensorFile.decode(source));
        }
        float[] result = InMemory.run(task.firstStage(), values, kernels);
        return ArrayBytes.rounded(result, task.output(), kernels);
    }

    /** Integers: what all inputs agree on. */
    private static INDArray equal(TensorTask task) throws IOException {
        INDArray first = array(task.sources().get(0));
        for (TensorSource other : task.sources()) {
            if (!first.isEmpty() && !first.equals(array(other))) {
                throw new BadInputException(
                        Problem.expected(
                                        task.output().dtype()
                                                + " tensor '"
                                                + task.output().name()
                                                + "' of all models",
                                        "equal values",
                                        "others")
                                .hint("integers and booleans are copied, never averaged"));
            }
        }
        return first;
    }

    private static INDArray array(TensorSource source) throws IOException {
        if (!(source instanceof ArrayModel.ArraySource own)) {
            return TensorFile.read(source);
        }
        return own.array().isEmpty() ? own.array() : own.array().dup();
    }
}
