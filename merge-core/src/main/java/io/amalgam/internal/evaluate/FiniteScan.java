package io.amalgam.internal.evaluate;

import io.amalgam.checkpoint.Checkpoint;
import io.amalgam.checkpoint.TensorSource;
import io.amalgam.engine.Cancellation;
import io.amalgam.engine.EngineOptions;
import io.amalgam.error.Problem;
import io.amalgam.internal.engine.TensorScan;
import io.amalgam.method.Block;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Reads every tensor with arithmetic of a model, and finds numbers that are not finite. */
final class FiniteScan implements TensorScan.Fold<FiniteScan.Bad> {
    /** What is not finite in a part of a tensor. */
    static final class Bad {
        private long count;
        private long first = -1;
        private float value;
    }

    private FiniteScan() {}

    /** Tensors that hold numbers to calculate with. */
    static List<TensorSource> numbers(Checkpoint model) {
        return model.tensors().values().stream()
                .filter(tensor -> tensor.info().dtype().arithmetic())
                .map(TensorSource.class::cast)
                .toList();
    }

    /** A problem for each tensor that has such numbers. */
    static List<Problem> problems(
            Checkpoint model,
            EngineOptions options,
            TensorScan.Progress progress,
            Cancellation cancellation)
            throws IOException {
        List<TensorSource> tensors = numbers(model);
        List<TensorScan.Item> items =
                tensors.stream()
                        .map(t -> new TensorScan.Item(t.info().name(), List.of(t)))
                        .toList();
        List<Bad> found = TensorScan.run(items, new FiniteScan(), options, progress, cancellation);
        List<Problem> problems = new ArrayList<>();
        for (int i = 0; i < found.size(); i++) {
            Bad bad = found.get(i);
            if (bad.count > 0) {
                Problem problem =
                        Problem.expected(
                                        "tensor '" + tensors.get(i).info().name() + "'",
                                        "finite numbers",
                                        bad.value
                                                + " at element "
                                                + bad.first
                                                + (bad.count > 1
                                                        ? " and " + (bad.count - 1) + " more"
                                                        : ""))
                                .ofTensor();
                Optional<Problem> part = tensors.get(i).damagedPart();
                problems.add(part.orElse(problem));
            }
        }
        return problems;
    }

    @Override
    public Bad newState() {
        return new Bad();
    }

    @Override
    public void fold(Bad state, Block in) {
        float[] x = in.input(0);
        if (in.kernels().allFinite(x, 0, in.length())) {
            return;
        }
        for (int i = 0; i < in.length(); i++) {
            if (!Float.isFinite(x[i])) {
                if (state.count++ == 0) {
                    state.first = in.offset() + i;
                    state.value = x[i];
                }
            }
        }
    }

    @Override
    public Bad merge(Bad earlier, Bad later) {
        if (earlier.count == 0) {
            return later;
        }
        earlier.count += later.count;
        return earlier;
    }
}
