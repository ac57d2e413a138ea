package io.amalgam.internal.layers;

import io.amalgam.tensor.DType;
import io.amalgam.tensor.TensorInfo;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/**
 * A model's tensors, counted.
 *
 * @param shares by type, in the order of {@link DType}
 * @param parameters see {@link TensorInfo#parameters()}
 * @param loose tensors outside of all layers
 * @param parts what recipes may name under {@code modules}
 */
public record Inventory(
        List<Share> shares,
        long parameters,
        List<LayerStack> stacks,
        long loose,
        List<Part> parts) {
    public static final String INFERENCE =
            "size x 1.2: the weights, and a fifth for activations and caches";
    public static final String TRAINING =
            "weights + gradients of the same type + 8 bytes a parameter for Adam's two float32 moments; activations not counted";
    private static final int ADAM_BYTES = 2 * Float.BYTES;

    public Inventory {
        shares = List.copyOf(shares);
        stacks = List.copyOf(stacks);
        parts = List.copyOf(parts);
    }

    /** A part of the model and what is in it. */
    public record Part(ModelPart part, long tensors, long elements) {}

    /** The tensors of one type. */
    public record Share(DType dtype, long tensors, long elements, long bytes) {
        Share plus(TensorInfo info) {
            return new Share(dtype, tensors + 1, elements + info.elements(), bytes + info.bytes());
        }
    }

    public static Inventory of(List<TensorInfo> infos) {
        Map<DType, Share> shares = new EnumMap<>(DType.class);
        for (TensorInfo info : infos) {
            Share before = shares.getOrDefault(info.dtype(), new Share(info.dtype(), 0, 0, 0));
            shares.put(info.dtype(), before.plus(info));
        }
        LayerStacks stacks = LayerStacks.of(infos.stream().map(TensorInfo::name).toList());
        long loose = infos.stream().filter(info -> stacks.find(info.name()).isEmpty()).count();
        long parameters = infos.stream().mapToLong(TensorInfo::parameters).sum();
        return new Inventory(
                new ArrayList<>(shares.values()),
                parameters,
                stacks.all(),
                loose,
                parts(infos, stacks));
    }

    private static List<Part> parts(List<TensorInfo> infos, LayerStacks stacks) {
        ModelParts parts = ModelParts.of(infos.stream().map(TensorInfo::name).toList(), stacks);
        List<Part> counted = new ArrayList<>();
        for (ModelPart part : parts.all()) {
            List<TensorInfo> own =
                    infos.stream()
                            .filter(i -> parts.of(i.name()).filter(part::equals).isPresent())
                            .toList();
            long elements = own.stream().mapToLong(TensorInfo::elements).sum();
            counted.add(new Part(part, own.size(), elements));
        }
        return counted;
    }

    public long bytes() {
        return shares.stream().mapToLong(Share::bytes).sum();
    }

    public long inferenceBytes() {
        return Math.round(bytes() * 1.2);
    }

    public long trainingBytes() {
        long gradients =
                shares.stream().filter(s -> s.dtype().arithmetic()).mapToLong(Share::bytes).sum();
        return bytes() + gradients + ADAM_BYTES * parameters;
    }
}
