package io.amalgam.internal.lora.apply;

import io.amalgam.checkpoint.TensorSource;
import io.amalgam.error.Problem;
import io.amalgam.internal.lora.AdapterReads;
import io.amalgam.internal.method.common.WeightSums;
import io.amalgam.internal.tensor.Decimals;
import io.amalgam.kernel.Workspace;
import io.amalgam.tensor.TensorInfo;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * A tensor with a row for each token that adapters hold with another number of rows: {@code W + sum
 * of w (T - W)} in rows the base has too, and in all others, which cannot move from anything, the
 * mean of the adapters' by weight.
 */
final class ResizedTensor implements TensorSource {
    private final Optional<TensorSource> base;
    private final TensorInfo info;
    private final List<BlendedTensor.Part> parts;

    /**
     * @param base empty where it has no such tensor
     * @param info with the new number of rows, which all parts have
     */
    ResizedTensor(Optional<TensorSource> base, TensorInfo info, List<BlendedTensor.Part> parts) {
        this.base = base;
        this.info = info;
        this.parts = List.copyOf(parts);
    }

    /** What the weights of new rows come to; they are divided by it. */
    static double total(List<BlendedTensor.Part> parts) {
        return WeightSums.sum(parts.stream().mapToDouble(BlendedTensor.Part::weight).toArray());
    }

    @Override
    public TensorInfo info() {
        return info;
    }

    @Override
    public boolean read(long from, int count, float[] dst, int at, Workspace workspace)
            throws IOException {
        long shared = base.map(b -> b.info().elements()).orElse(0L);
        int old = (int) Math.max(0, Math.min(count, shared - from));
        Arrays.fill(dst, at, at + count, 0);
        if (old > 0) {
            base.orElseThrow().read(from, old, dst, at, workspace);
        }
        double total = total(parts);
        float[] sum = new float[count];
        float[] other = new float[count];
        for (BlendedTensor.Part part : parts) {
            part.tensor().read(from, count, other, 0, workspace);
            float weight = (float) part.weight();
            float share = (float) (part.weight() / total);
            for (int i = 0; i < count; i++) {
                sum[i] += i < old ? weight * (other[i] - dst[at + i]) : share * other[i];
            }
        }
        boolean replaced = parts.size() == 1 && parts.get(0).weight() == 1;
        for (int i = 0; i < count; i++) {
            dst[at + i] = replaced ? other[i] : dst[at + i] + sum[i];
        }
        return false;
    }

    @Override
    public long storedBytes() {
        return base.map(TensorSource::storedBytes).orElse(0L)
                + parts.stream().mapToLong(part -> part.tensor().storedBytes()).sum();
    }

    @Override
    public Optional<Problem> damagedPart() throws IOException {
        for (BlendedTensor.Part part : parts) {
            Optional<Problem> found = AdapterReads.damaged(part.adapter(), List.of(part.tensor()));
            if (found.isPresent()) {
                return found;
            }
        }
        return base.isPresent() ? base.get().damagedPart() : Optional.empty();
    }

    @Override
    public String identity() {
        StringBuilder text = new StringBuilder(base.map(TensorSource::identity).orElse("nothing"));
        for (BlendedTensor.Part part : parts) {
            text.append(" resized by ").append(Decimals.text(part.weight())).append(" * ");
            text.append(part.adapter()).append(':').append(part.tensor().info().name());
        }
        return text.toString();
    }
}
