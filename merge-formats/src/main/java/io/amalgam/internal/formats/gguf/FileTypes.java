package io.amalgam.internal.formats.gguf;

import io.amalgam.error.Problem;
import io.amalgam.internal.encoding.Quantiser;
import io.amalgam.tensor.DType;
import io.amalgam.tensor.TensorInfo;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** The types that models are written in, and which of their tensors take another one. */
final class FileTypes {
    /** Each tensor's own, as far as GGUF has it. */
    static final String OWN = "own";

    /** Those that are rounded as llama.cpp's converter does, with the numbers files have. */
    private static final Map<DType, Integer> NUMBERS = new LinkedHashMap<>();

    static {
        NUMBERS.put(DType.F32, 0);
        NUMBERS.put(DType.F16, 1);
        NUMBERS.put(DType.BF16, 32);
        NUMBERS.put(DType.Q8_0, 7);
        NUMBERS.put(DType.Q4_0, 2);
        NUMBERS.put(DType.Q4_1, 3);
        NUMBERS.put(DType.Q5_0, 8);
        NUMBERS.put(DType.Q5_1, 9);
    }

    private FileTypes() {}

    /** The names of types, as they are asked for. */
    static List<String> names() {
        return NUMBERS.keySet().stream().map(FileTypes::name).toList();
    }

    private static String name(DType type) {
        return type.name().toLowerCase(Locale.ROOT);
    }

    /**
     * What a tensor is stored in.
     *
     * @param wanted one of {@link #names()}, or {@link #OWN}
     * @param gguf its name there
     * @param tied whether the embedding is the output head too
     */
    static DType of(String wanted, TensorInfo tensor, String gguf, boolean tied) {
        if (tensor.shape().rank() < 2 || !gguf.endsWith(".weight") || isSmall(gguf)) {
            return DType.F32;
        }
        DType own = tensor.dtype();
        DType type =
                wanted.equals(OWN)
                        ? own == DType.F16 || own == DType.BF16 ? own : DType.F32
                        : type(wanted);
        if (type.blockElements() == 1) {
            return type;
        }
        boolean head = gguf.equals("output.weight") || (tied && gguf.equals("token_embd.weight"));
        DType stored = head ? DType.Q8_0 : type;
        return tensor.shape().rowLength() % stored.blockElements() == 0 ? stored : DType.F16;
    }

    /** Says which matrices are not of a type that was asked for, as their rows do not fit it. */
    static List<Problem> unfit(String wanted, Collection<Quantiser> stored) {
        if (wanted.equals(OWN) || type(wanted).blockElements() == 1) {
            return List.of();
        }
        long unfit =
                stored.stream()
                        .flatMap(quantiser -> quantiser.stored().stream())
                        .filter(tensor -> tensor.dtype() == DType.F16)
                        .count();
        String which = unfit == 1 ? "1 tensor is" : unfit + " tensors are";
        return unfit == 0
                ? List.of()
                : List.of(
                        Problem.of(
                                        which
                                                + " written as f16, not "
                                                + wanted
                                                + ": rows are no whole blocks of 32 numbers")
                                .hint("llama.cpp reads such a file"));
    }

    private static DType type(String name) {
        return DType.valueOf(name.toUpperCase(Locale.ROOT));
    }

    /** What decides much and is little. */
    private static boolean isSmall(String gguf) {
        return gguf.endsWith("_norm.weight")
                || gguf.endsWith(".ffn_gate_inp.weight")
                || gguf.equals("position_embd.weight")
                || gguf.equals("token_types.weight");
    }

    /** {@code general.file_type}: of the type that most bytes of matrices are in, but not heads. */
    static int number(List<TensorInfo> tensors) {
        Map<DType, Long> elements = new LinkedHashMap<>();
        for (TensorInfo tensor : tensors) {
            boolean counts =
                    tensor.shape().rank() > 1
                            && !isSmall(tensor.name())
                            && tensor.name().startsWith("blk.");
            if (counts) {
                elements.merge(tensor.dtype(), tensor.elements(), Long::sum);
            }
        }
        DType most = DType.F32;
        for (Map.Entry<DType, Long> entry : elements.entrySet()) {
            most = entry.getValue() > elements.getOrDefault(most, 0L) ? entry.getKey() : most;
        }
        return NUMBERS.getOrDefault(most, 0);
    }
}
