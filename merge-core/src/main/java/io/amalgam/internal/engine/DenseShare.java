package io.amalgam.internal.engine;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.amalgam.plan.MergePlan;
import io.amalgam.plan.TensorTask;
import io.amalgam.tensor.DType;
import io.amalgam.tensor.TensorInfo;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * How much of a quantised output is dense.
 *
 * @param quantised tensors written as codes
 * @param quantisedBytes their bytes, scales included
 * @param dense tensors written as they are
 * @param denseBytes their bytes
 */
public record DenseShare(int quantised, long quantisedBytes, int dense, long denseBytes) {
    private static final Set<DType> DENSE = EnumSet.of(DType.F64, DType.F32, DType.F16, DType.BF16);

    /** Empty where nothing is quantised. */
    public static Optional<DenseShare> of(MergePlan plan) {
        int quantised = 0;
        long quantisedBytes = 0;
        long all = 0;
        for (TensorTask task : plan.tasks()) {
            all += task.writtenBytes();
            if (task.quantiser().isPresent() && !isDense(task.written())) {
                quantised++;
                quantisedBytes += task.writtenBytes();
            }
        }
        return quantised == 0
                ? Optional.empty()
                : Optional.of(
                        new DenseShare(
                                quantised,
                                quantisedBytes,
                                plan.tasks().size() - quantised,
                                all - quantisedBytes));
    }

    private static boolean isDense(List<TensorInfo> written) {
        return written.size() == 1 && DENSE.contains(written.get(0).dtype());
    }

    /** Of all bytes, between 0 and 1. */
    public double share() {
        return denseBytes / (double) Math.max(1, quantisedBytes + denseBytes);
    }

    /** Adds it to a plan or report. */
    public void put(ObjectNode root) {
        root.putObject("quantised")
                .put("tensors", quantised)
                .put("bytes", quantisedBytes)
                .put("dense_tensors", dense)
                .put("dense_bytes", denseBytes)
                .put("dense_share", Math.round(share() * 1000) / 1000.0);
    }
}
