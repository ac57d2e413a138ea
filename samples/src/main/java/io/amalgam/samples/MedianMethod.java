package io.amalgam.samples;

import io.amalgam.ArrayMergeMethod;
import io.amalgam.Merge;
import io.amalgam.method.MethodInfo;
import io.amalgam.method.TensorCall;
import java.io.IOException;
import java.util.List;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * A merge method plugged in: the median of the models, element by element. Found through {@code
 * META-INF/services/io.amalgam.method.MergeMethod}; recipes then say {@code merge_method: median}.
 */
public final class MedianMethod extends ArrayMergeMethod {
    private static final MethodInfo INFO =
            new MethodInfo(
                    "median",
                    "the middle value of every element",
                    "out = median(x_1, ..., x_n); the mean of the middle two where n is even",
                    MethodInfo.Base.ORDINARY,
                    1,
                    Integer.MAX_VALUE,
                    List.of(),
                    new MethodInfo.Paper(
                            "Yin et al. 2018, Byzantine-Robust Distributed Learning",
                            "https://arxiv.org/abs/1803.01498"),
                    "one pass; holds one tensor of every model");

    /** Merges the digits' experts by this method, found by its name. */
    public static void main(String... args) throws IOException {
        Merge merge = Merge.method("median").folder(Digits.model("."));
        for (String expert : List.of("expert-rotated", "expert-inverted", "expert-mirrored")) {
            merge.model(expert);
        }
        Classifier classifier = new Classifier(Digits.read());
        System.out.println(Classifier.HEADER);
        System.out.println(classifier.row("median", merge.toArrays()));
    }

    @Override
    public MethodInfo info() {
        return INFO;
    }

    @Override
    protected INDArray merge(List<INDArray> inputs, TensorCall call) {
        long[] flat = {1, call.elements()};
        INDArray rows = Nd4j.vstack(inputs.stream().map(x -> x.reshape(flat)).toList());
        INDArray sorted = Nd4j.sort(rows, 0, true);
        int last = inputs.size() - 1;
        INDArray middle = sorted.getRow(last / 2).add(sorted.getRow((last + 1) / 2)).muli(0.5);
        return middle.reshape(call.output().shape().dims());
    }
}
