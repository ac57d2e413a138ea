package io.amalgam.internal.formats.quantising;

import io.amalgam.checkpoint.StoredTensor;
import io.amalgam.checkpoint.TensorSource.Codes;
import io.amalgam.internal.checkpoint.CopiedCodes;
import io.amalgam.internal.encoding.Quantiser;
import io.amalgam.tensor.DType;
import io.amalgam.tensor.TensorInfo;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Codes and scales of an input that an output can have as they are. */
final class SameCodes {
    private SameCodes() {}

    /**
     * A copy in the place of what a quantiser would write; empty if that has other tensors.
     *
     * @param dense the output's name
     */
    static Optional<Quantiser> copied(Quantiser wanted, Codes codes, String dense) {
        List<TensorInfo> stored = new ArrayList<>();
        List<StoredTensor> sources = new ArrayList<>();
        for (TensorInfo made : wanted.stored()) {
            for (StoredTensor there : codes.tensors()) {
                TensorInfo renamed = renamed(there, codes, dense);
                if (renamed.name().equals(made.name()) && isAlike(renamed, made)) {
                    stored.add(renamed);
                    sources.add(there);
                }
            }
        }
        boolean all =
                stored.size() == wanted.stored().size() && stored.size() == codes.tensors().size();
        boolean blocks =
                !(wanted instanceof ByteQuantiser bytes)
                        || bytes.hasBlocks(codes.blockRows(), codes.blockColumns());
        return all && blocks ? Optional.of(new CopiedCodes(stored, sources)) : Optional.empty();
    }

    /** A copy of all there is, scales of activations included. */
    static Quantiser all(Codes codes, String dense) {
        List<StoredTensor> sources = new ArrayList<>(codes.tensors());
        sources.addAll(codes.besides());
        return new CopiedCodes(
                sources.stream().map(source -> renamed(source, codes, dense)).toList(), sources);
    }

    /** Scales may be stored in any type of their own. */
    private static boolean isAlike(TensorInfo there, TensorInfo made) {
        boolean number = isFloat(there.dtype()) && isFloat(made.dtype());
        return there.shape().equals(made.shape()) && (number || there.dtype() == made.dtype());
    }

    private static boolean isFloat(DType type) {
        return type == DType.F32 || type == DType.F16 || type == DType.BF16;
    }

    private static TensorInfo renamed(StoredTensor there, Codes codes, String dense) {
        String name = there.info().name();
        String from = LinearWeights.module(codes.name());
        String to = LinearWeights.module(dense);
        return new TensorInfo(
                name.startsWith(from) ? to + name.substring(from.length()) : name,
                there.info().dtype(),
                there.info().shape());
    }
}
