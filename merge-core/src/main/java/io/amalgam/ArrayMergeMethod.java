package io.amalgam;

import io.amalgam.method.MergeMethod;
import io.amalgam.method.TensorCall;
import io.amalgam.method.TensorStep;
import io.amalgam.tensor.Shape;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Base class of merge methods written with ND4J: arrays in, array out, one tensor at a time. Extend
 * it, name the class in {@code META-INF/services/io.amalgam.method.MergeMethod}, and recipes can
 * use it by its name.
 *
 * <p>Each worker holds the inputs and output of one tensor as float32, on the heap and in ND4J's
 * memory, so memory depends on the largest tensor.
 *
 * <p>One object serves all tensors and threads: keep no state in fields.
 */
public abstract class ArrayMergeMethod implements MergeMethod {
    /**
     * Merges one tensor.
     *
     * @param inputs FLOAT arrays of one shape, in the order of the call's inputs; the base's, if
     *     there is one, at {@code call.base()}
     * @return an array of the same shape
     */
    protected abstract INDArray merge(List<INDArray> inputs, TensorCall call);

    @Override
    public final TensorStep bind(TensorCall call) {
        return new OnArrays(call);
    }

    private final class OnArrays implements TensorStep.FullTensor {
        private final TensorCall call;

        OnArrays(TensorCall call) {
            this.call = call;
        }

        @Override
        public void run(Reader reader, Writer writer) throws IOException {
            ArrayMergeMethod.this.run(call, reader, writer);
        }

        /** One input's values at a time, the result's, and a piece of it. */
        @Override
        public long bytesHeld() {
            long most = call.elements();
            for (int input = 0; input < call.inputs().size(); input++) {
                most = Math.max(most, call.shape(input).elements());
            }
            return 3 * most * Float.BYTES;
        }
    }

    private void run(TensorCall call, TensorStep.Reader reader, TensorStep.Writer writer)
            throws IOException {
        long[] shape = call.output().shape().dims();
        int elements = Math.toIntExact(call.elements());
        if (elements == 0) {
            return;
        }
        List<INDArray> arrays = new ArrayList<>();
        for (int input = 0; input < call.inputs().size(); input++) {
            Shape own = call.shape(input);
            float[] values = reader.whole(input, Math.toIntExact(own.elements()));
            arrays.add(ArrayTypes.array(values, own.dims()));
        }
        INDArray merged = merge(arrays, call);
        if (!java.util.Arrays.equals(merged.shape(), shape)) {
            throw new IllegalStateException(
                    "'"
                            + info().name()
                            + "' gave shape "
                            + java.util.Arrays.toString(merged.shape())
                            + " for "
                            + call.output());
        }
        float[] result = ArrayTypes.floats(merged);
        float[] piece = new float[Math.min(reader.capacity(), elements)];
        for (int from = 0; from < elements; from += piece.length) {
            int n = Math.min(piece.length, elements - from);
            System.arraycopy(result, from, piece, 0, n);
            writer.write(from, piece, n);
        }
    }
}
