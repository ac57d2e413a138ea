package io.amalgam.internal.compare;

import io.amalgam.tensor.TensorInfo;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * A tensor that the models do not have alike.
 *
 * @param tensor its name in the reference, or else in the first model that has it
 * @param infos as the reference and each model have it; empty where one lacks it
 */
public record Mismatch(String tensor, List<Optional<TensorInfo>> infos) {
    public Mismatch {
        infos = List.copyOf(infos);
    }

    /** Whether a model lacks it. */
    public boolean absent() {
        return infos.stream().anyMatch(Optional::isEmpty);
    }

    /** Whether all have it in one shape, in different types. */
    public boolean typeOnly() {
        return !absent() && sameShape();
    }

    /** Whether those that have it have it in one shape. */
    public boolean sameShape() {
        return present().stream().map(TensorInfo::shape).distinct().count() == 1;
    }

    private List<TensorInfo> present() {
        List<TensorInfo> present = new ArrayList<>();
        infos.forEach(info -> info.ifPresent(present::add));
        return present;
    }
}
