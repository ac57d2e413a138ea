package io.amalgam.plan;

import io.amalgam.checkpoint.TensorSource;
import io.amalgam.internal.encoding.Quantiser;
import io.amalgam.method.MergeMethod;
import io.amalgam.method.TensorCall;
import io.amalgam.method.TensorStep;
import io.amalgam.tensor.Shape;
import io.amalgam.tensor.TensorInfo;
import java.util.List;
import java.util.Objects;
import java.util.Optional;

/**
 * One output tensor: its inputs, method and parameters. Immutable.
 *
 * @param output name, type and shape; as stored, unless quantised
 * @param sources the tensors read, one for each input of the call, in its order
 * @param method the method; empty if the inputs must be equal and are copied (integers, booleans)
 * @param call the resolved parameters
 * @param position of the tensor's layer in its stack, 0 to 1; gradients were evaluated there
 * @param quantiser writes it as codes and scales; empty if it is stored dense
 */
public record TensorTask(
        TensorInfo output,
        List<TensorSource> sources,
        Optional<MergeMethod> method,
        TensorCall call,
        double position,
        Optional<Quantiser> quantiser) {
    public TensorTask {
        sources = List.copyOf(sources);
        if (sources.size() != call.inputs().size()) {
            throw new IllegalArgumentException("one source for each input");
        }
        for (int i = 0; i < sources.size(); i++) {
            if (sources.get(i).info().elements() != elements(output, call.inputs().get(i))) {
                throw new IllegalArgumentException(
                        "input " + i + " of " + output + " is " + sources.get(i).info());
            }
        }
    }

    /** A tensor that is stored dense. */
    public TensorTask(
            TensorInfo output,
            List<TensorSource> sources,
            Optional<MergeMethod> method,
            TensorCall call,
            double position) {
        this(output, sources, method, call, position, Optional.empty());
    }

    private static long elements(TensorInfo output, TensorCall.Input input) {
        return input.shape().map(Shape::elements).orElse(output.elements());
    }

    /**
     * Whether an input is read along with the output, element by element: not statistics of another
     * shape, which steps on whole tensors read as they like.
     */
    public boolean alongOutput(int input) {
        return call.inputs().get(input).shape().map(output.shape()::equals).orElse(true);
    }

    /** The same tensor, written as codes and scales. */
    public TensorTask quantised(Quantiser by) {
        return new TensorTask(output, sources, method, call, position, Optional.of(by));
    }

    /** The stored tensors: the output, or its codes and scales. */
    public List<TensorInfo> written() {
        return quantiser.map(Quantiser::stored).orElseGet(() -> List.of(output));
    }

    /** Bytes written. */
    public long writtenBytes() {
        return written().stream().mapToLong(TensorInfo::bytes).sum();
    }

    /** Bytes read from storage by one pass over the inputs. */
    public long inputBytes() {
        long sum = 0;
        for (TensorSource source : sources) {
            sum += source.storedBytes();
        }
        return sum;
    }

    /** The first step to compute the tensor. */
    public TensorStep firstStage() {
        if (method.isPresent()) {
            return Objects.requireNonNull(method.get().bind(call), "no step was returned");
        }
        return sources.size() == 1 ? new TensorStep.Copy(0) : new TensorStep.CopyEqual();
    }

    /** The method's name, or {@code copy} for tensors without arithmetic. */
    public String action() {
        return method.map(m -> m.info().name()).orElse("copy");
    }
}
