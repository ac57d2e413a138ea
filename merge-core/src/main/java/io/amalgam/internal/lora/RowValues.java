package io.amalgam.internal.lora;

import io.amalgam.checkpoint.TensorSource;
import java.util.List;

/**
 * Some rows of a tensor with the values they are trained to: PEFT's {@code
 * trainable_token_indices}.
 *
 * @param values a row for each index
 * @param indices of the rows in the tensor, without repetition
 */
public record RowValues(TensorSource values, List<Integer> indices) {
    public RowValues {
        indices = List.copyOf(indices);
        if (values.info().shape().rank() != 2 || values.info().shape().dim(0) != indices.size()) {
            throw new IllegalArgumentException("one row for each index");
        }
    }

    /** Elements of a row. */
    public long width() {
        return values.info().shape().dim(1);
    }
}
