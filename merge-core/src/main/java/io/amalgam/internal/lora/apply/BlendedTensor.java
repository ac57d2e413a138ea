package io.amalgam.internal.lora.apply;

import io.amalgam.checkpoint.StoredTensor;
import io.amalgam.checkpoint.TensorSource;
import io.amalgam.error.Problem;
import io.amalgam.internal.lora.AdapterReads;
import io.amalgam.internal.tensor.Decimals;
import io.amalgam.kernel.Workspace;
import io.amalgam.tensor.TensorInfo;
import java.io.IOException;
import java.util.List;
import java.util.Optional;

/**
 * A base tensor with tensors that adapters hold whole: {@code W + sum of w (T - W)}, or with what
 * they add: {@code W + sum of w T}. One tensor of weight 1 replaces the base's, bit for bit;
 * without any tensors it is the base's under another name.
 */
final class BlendedTensor implements TensorSource {
    private final TensorSource base;
    private final TensorInfo info;
    private final List<Part> parts;

    /**
     * @param added whether the values are added, not put in the place of the base's
     */
    record Part(TensorSource tensor, double weight, boolean added, String adapter) {}

    BlendedTensor(TensorSource base, TensorInfo info, List<Part> parts) {
        this.base = base;
        this.info = info;
        this.parts = List.copyOf(parts);
    }

    private boolean replaced() {
        return parts.size() == 1 && parts.get(0).weight == 1 && !parts.get(0).added;
    }

    @Override
    public TensorInfo info() {
        return info;
    }

    @Override
    public boolean read(long from, int count, float[] dst, int at, Workspace workspace)
            throws IOException {
        if (replaced()) {
            return parts.get(0).tensor.read(from, count, dst, at, workspace);
        }
        boolean finite = base.read(from, count, dst, at, workspace);
        if (parts.isEmpty()) {
            return finite;
        }
        float[] sum = new float[count];
        float[] other = new float[count];
        for (Part part : parts) {
            part.tensor.read(from, count, other, 0, workspace);
            float weight = (float) part.weight;
            for (int i = 0; i < count; i++) {
                sum[i] += weight * (part.added ? other[i] : other[i] - dst[at + i]);
            }
        }
        for (int i = 0; i < count; i++) {
            dst[at + i] += sum[i];
        }
        return false;
    }

    @Override
    public Optional<StoredTensor> stored() {
        if (parts.isEmpty()) {
            return base.stored();
        }
        return replaced()
                ? parts.get(0).tensor.stored().filter(t -> t.info().dtype() == info.dtype())
                : Optional.empty();
    }

    @Override
    public long storedBytes() {
        long sum = replaced() ? 0 : base.storedBytes();
        for (Part part : parts) {
            sum += part.tensor.storedBytes();
        }
        return sum;
    }

    @Override
    public Optional<Problem> damagedPart() throws IOException {
        for (Part part : parts) {
            Optional<Problem> found = AdapterReads.damaged(part.adapter, List.of(part.tensor));
            if (found.isPresent()) {
                return found;
            }
        }
        return base.damagedPart();
    }

    @Override
    public String identity() {
        StringBuilder text = new StringBuilder(base.identity());
        for (Part part : parts) {
            text.append(part.added ? " + " : " replaced by ")
                    .append(Decimals.text(part.weight))
                    .append(" * ");
            text.append(part.adapter).append(':').append(part.tensor.info().name());
        }
        return text.toString();
    }
}
