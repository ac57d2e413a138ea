package io.amalgam.internal.engine;

import io.amalgam.method.MergeMethod;
import io.amalgam.method.MethodInfo;
import io.amalgam.method.TensorCall;
import io.amalgam.method.TensorStep;
import io.amalgam.tensor.Shape;
import io.amalgam.tensor.TensorInfo;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;

/** Methods that need statistics, as plain as possible. */
final class WeightedByStatistics {
    private WeightedByStatistics() {}

    private record Method(
            MethodInfo info, TensorCall.Statistic statistic, Function<TensorCall, TensorStep> step)
            implements MergeMethod {
        @Override
        public List<TensorCall.Statistic> statistics() {
            return List.of(statistic);
        }

        @Override
        public TensorStep bind(TensorCall call) {
            return call.statistic(call.models().get(0), statistic.name()).isPresent()
                    ? step.apply(call)
                    : new TensorStep.Copy(call.models().get(0));
        }
    }

    /** What methods of tests say of themselves. */
    static MethodInfo info(String name) {
        return new MethodInfo(
                name,
                "of a test",
                "f",
                MethodInfo.Base.OPTIONAL,
                1,
                9,
                List.of(),
                new MethodInfo.Paper("none", "none"),
                "none");
    }

    /** {@code sum f_k x_k / sum f_k}, element by element. */
    static MergeMethod fisher() {
        return new Method(
                info("fisher"),
                new TensorCall.Statistic("fisher", output -> Optional.of(output.shape())),
                WeightedByStatistics::fisher);
    }

    private static TensorStep fisher(TensorCall call) {
        return (TensorStep.Combine)
                (in, out) -> {
                    for (int i = 0; i < in.length(); i++) {
                        float sum = 0;
                        float all = 0;
                        for (int model : call.models()) {
                            int by = call.statistic(model, "fisher").getAsInt();
                            sum += in.input(by)[i] * in.input(model)[i];
                            all += in.input(by)[i];
                        }
                        out[i] = sum / all;
                    }
                };
    }

    /** {@code sum W_k G_k}, with a Gram matrix for each weight of two dimensions. */
    static MergeMethod gram() {
        return new Method(
                info("gram"),
                new TensorCall.Statistic("input_gram", WeightedByStatistics::square),
                Products::new);
    }

    private static Optional<Shape> square(TensorInfo output) {
        long[] dims = output.shape().dims();
        return dims.length == 2 ? Optional.of(Shape.of(dims[1], dims[1])) : Optional.empty();
    }

    private record Products(TensorCall call) implements TensorStep.FullTensor {
        @Override
        public void run(Reader reader, Writer writer) throws IOException {
            int rows = (int) call.output().shape().dim(0);
            int columns = (int) call.output().shape().dim(1);
            float[] sum = new float[rows * columns];
            for (int model : call.models()) {
                int by = call.statistic(model, "input_gram").getAsInt();
                float[] w = reader.whole(model, sum.length);
                float[] g = reader.whole(by, (int) call.shape(by).elements());
                for (int i = 0; i < sum.length; i++) {
                    for (int k = 0; k < columns; k++) {
                        sum[i] += w[i / columns * columns + k] * g[k * columns + i % columns];
                    }
                }
            }
            float[] piece = new float[reader.capacity()];
            for (int from = 0; from < sum.length; from += piece.length) {
                int n = Math.min(piece.length, sum.length - from);
                System.arraycopy(sum, from, piece, 0, n);
                writer.write(from, piece, n);
            }
        }

        @Override
        public long bytesHeld() {
            long gram = call.shape(call.inputs(TensorCall.Role.STATISTIC).get(0)).elements();
            return (2 * call.elements() + gram) * Float.BYTES;
        }
    }
}
