package io.amalgam.samples;

import io.amalgam.Merge;
import io.amalgam.Parameter;
import io.amalgam.method.Block;
import io.amalgam.method.MergeMethod;
import io.amalgam.method.MethodInfo;
import io.amalgam.method.ParameterSpec;
import io.amalgam.method.TensorCall;
import io.amalgam.method.TensorStep;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * A merge method of one's own, passed as an object: each element moves from the base to the other
 * model by at most {@code limit}. It streams in blocks and needs no memory.
 */
public final class OwnMethodSample implements MergeMethod {
    @Override
    public MethodInfo info() {
        return new MethodInfo(
                "clipped",
                "the other model, held near the base",
                "out = base + clamp(x - base, -limit, limit)",
                MethodInfo.Base.REQUIRED,
                1,
                1,
                List.of(ParameterSpec.number("limit", ParameterSpec.Scope.SHARED, 0.01, "most")),
                new MethodInfo.Paper("this sample", "none"),
                "one pass");
    }

    @Override
    public TensorStep bind(TensorCall call) {
        float limit = (float) call.number("limit");
        int other = 1 - call.base();
        return (TensorStep.Combine) (in, out) -> clip(in, call.base(), other, limit, out);
    }

    private static void clip(Block in, int base, int other, float limit, float[] out) {
        for (int i = 0; i < in.length(); i++) {
            float delta = in.input(other)[i] - in.input(base)[i];
            out[i] = in.input(base)[i] + Math.max(-limit, Math.min(limit, delta));
        }
    }

    public static void main(String... args) throws IOException {
        Classifier classifier = new Classifier(Digits.read());
        System.out.println(Classifier.HEADER);
        for (double limit : new double[] {0, 0.01, 0.03, 1}) {
            Merge merge = Merge.method(new OwnMethodSample()).folder(Digits.model("."));
            merge.base("base").model("expert-rotated").with(Parameter.of("limit", limit));
            Map<String, INDArray> merged = merge.toArrays();
            System.out.println(classifier.row("limit " + limit, merged));
        }
    }
}
