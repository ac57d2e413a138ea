package io.amalgam.internal.method.builtin;

import io.amalgam.method.MergeMethod;
import io.amalgam.method.MethodInfo;
import io.amalgam.method.TensorCall;
import io.amalgam.method.TensorStep;
import java.util.List;

/**
 * Element by element the largest of integers and booleans: for counters, of batches seen, that
 * clients went on counting each for itself. Types that are no plain integers must be equal.
 */
final class LargestIntegers implements MergeMethod {
    static final MergeMethod INSTANCE = new LargestIntegers();

    private static final MethodInfo INFO =
            new MethodInfo(
                    "largest",
                    "the largest of integers",
                    "max(x_i)",
                    MethodInfo.Base.ORDINARY,
                    1,
                    Integer.MAX_VALUE,
                    List.of(),
                    new MethodInfo.Paper(
                            "Communication-Efficient Learning of Deep Networks from Decentralized Data",
                            "https://arxiv.org/abs/1602.05629"),
                    "one pass, nothing held");

    private LargestIntegers() {}

    @Override
    public MethodInfo info() {
        return INFO;
    }

    @Override
    public TensorStep bind(TensorCall call) {
        if (call.models().size() == 1) {
            return new TensorStep.Copy(0);
        }
        return call.output().dtype().integer()
                ? new TensorStep.CopyLargest()
                : new TensorStep.CopyEqual();
    }
}
