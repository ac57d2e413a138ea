package io.amalgam.facade;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.amalgam.ArrayMerge;
import io.amalgam.ArrayMergeMethod;
import io.amalgam.error.BadInputException;
import io.amalgam.internal.engine.InMemory;
import io.amalgam.internal.kernel.ScalarKernels;
import io.amalgam.method.MethodInfo;
import io.amalgam.method.TensorCall;
import io.amalgam.tensor.DType;
import io.amalgam.tensor.Shape;
import io.amalgam.tensor.TensorInfo;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.ResourceLock;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.NDArrayIndex;
import org.nd4j.linalg.ops.transforms.Transforms;

@ResourceLock("ND4J")
class ArrayMergeTest {
    private final INDArray base = Nd4j.createFromArray(new float[][] {{1, 2, 3}, {4, 5, 6}});
    private final INDArray one = base.add(1);
    private final INDArray two = base.mul(2);

    @Test
    void linear() {
        INDArray merged =
                ArrayMerge.with("linear")
                        .model(one, Map.of("weight", 3))
                        .model(two, Map.of("weight", 1))
                        .merge();
        assertClose(merged, one.mul(0.75).add(two.mul(0.25)));
    }

    @Test
    void slerpTakesTheBaseFirst() {
        assertClose(slerp(0), one);
        assertClose(slerp(1), two);
    }

    private INDArray slerp(double t) {
        return ArrayMerge.with("slerp").base(one).model(two, Map.of()).parameter("t", t).merge();
    }

    @Test
    void taskArithmetic() {
        INDArray merged =
                ArrayMerge.with("task_arithmetic")
                        .base(base)
                        .model(one, Map.of("weight", 0.5))
                        .model(two, Map.of("weight", -1))
                        .parameter("lambda", 2)
                        .merge();
        assertClose(merged, base.add(1).sub(base.mul(2)));
    }

    @Test
    void tiesKeepsTheLargest() {
        INDArray zero = Nd4j.zeros(DataType.FLOAT, 2, 3);
        INDArray merged =
                ArrayMerge.with("ties")
                        .base(zero)
                        .model(base, Map.of("weight", 1, "density", 0.34))
                        .merge();
        assertClose(merged, Nd4j.createFromArray(new float[][] {{0, 0, 0}, {0, 5, 6}}));
    }

    @Test
    void arraysInAnyOrderAndType() {
        INDArray columns = one.dup('f');
        INDArray half = two.castTo(DataType.FLOAT16);
        INDArray view = Nd4j.vstack(base, one).get(NDArrayIndex.interval(2, 4), NDArrayIndex.all());
        INDArray merged =
                ArrayMerge.with("linear")
                        .model(columns, Map.of("weight", 1))
                        .model(half, Map.of("weight", 1))
                        .model(view, Map.of("weight", 1))
                        .parameter("normalize", false)
                        .merge();
        assertThat(merged.dataType()).isEqualTo(DataType.FLOAT);
        assertClose(merged, one.mul(2).add(two));
    }

    @Test
    void inputsAreNotTouched() {
        INDArray before = base.dup();
        INDArray merged = ArrayMerge.with("passthrough").model(base, Map.of()).merge();
        merged.addi(1);
        assertThat(base).isEqualTo(before);
    }

    @Test
    void randomMasksGoBySeedAndName() {
        INDArray zero = Nd4j.zeros(DataType.FLOAT, 1000);
        INDArray ones = Nd4j.ones(DataType.FLOAT, 1000);
        INDArray first = dare(zero, ones, 1, "a");
        assertThat(dare(zero, ones, 1, "a")).isEqualTo(first);
        assertThat(dare(zero, ones, 2, "a")).isNotEqualTo(first);
        assertThat(dare(zero, ones, 1, "b")).isNotEqualTo(first);
    }

    private static INDArray dare(INDArray zero, INDArray ones, long seed, String name) {
        return ArrayMerge.with("dare_linear")
                .base(zero)
                .model(ones, Map.of("weight", 1, "density", 0.5))
                .random(seed, name)
                .merge();
    }

    @Test
    void wrongCallsAreRefused() {
        assertRefused(() -> ArrayMerge.with("xyzzy"), "unknown merge method 'xyzzy'");
        assertRefused(
                () -> ArrayMerge.with("ties").model(one, Map.of("weight", 1)).merge(),
                "'ties' needs a base array");
        assertRefused(
                () -> ArrayMerge.with("linear").model(one, Map.of()).merge(),
                "'linear' needs the parameter 'weight'");
        assertRefused(
                () -> ArrayMerge.with("linear").model(one, Map.of("wight", 1)),
                "parameter 'wight' of 'linear': expected one of [weight]");
        assertRefused(
                () -> ArrayMerge.with("linear").parameter("weight", 1),
                "parameter 'weight' of 'linear': expected one of [normalize]");
        assertRefused(
                () ->
                        ArrayMerge.with("linear")
                                .model(one, Map.of("weight", 1))
                                .model(one.transpose(), Map.of("weight", 1))
                                .merge(),
                "shape of an input: expected [2, 3], got [3, 2]");
        assertRefused(
                () -> ArrayMerge.with("slerp").base(one).parameter("t", 0.5).merge(),
                "models for 'slerp': expected exactly 1, got 0");
        assertRefused(
                () -> ArrayMerge.with("linear").merge(),
                "models for 'linear': expected at least 1, got 0");
        assertRefused(
                () -> ArrayMerge.with("ties").base(one).model(one, Map.of("wieght", 1)),
                "parameter 'wieght' of 'ties': expected one of [weight, density], got 'wieght'; did you mean 'weight'?");
    }

    @Test
    void integersAreNeverAveraged() {
        Map<String, Integer> weight = Map.of("weight", 1);
        assertRefused(
                () ->
                        ArrayMerge.with("linear")
                                .model(Nd4j.createFromArray(1, 2), weight)
                                .model(Nd4j.createFromArray(2, 3), weight)
                                .merge(),
                "type of an input: expected a floating type, got INT; integers and booleans are never averaged");
        assertRefused(
                () ->
                        ArrayMerge.with("linear")
                                .model(Nd4j.createFromArray(true, false), weight)
                                .merge(),
                "type of an input: expected a floating type, got BOOL");
    }

    @Test
    void emptyArraysMergeToAnEmptyOne() {
        Map<String, Integer> weight = Map.of("weight", 1);
        INDArray empty = Nd4j.empty(DataType.FLOAT);
        INDArray merged =
                ArrayMerge.with("linear").model(empty, weight).model(empty, weight).merge();
        assertThat(merged.isEmpty()).isTrue();
        assertRefused(
                () ->
                        ArrayMerge.with("linear")
                                .model(Nd4j.scalar(1f), weight)
                                .model(empty, weight)
                                .merge(),
                "shape of an input: expected [], got an empty array");
    }

    @Test
    @SuppressWarnings("NullAway") // what callers without null checks do
    void nothingForAnArrayIsToldAtOnce() {
        ArrayMerge merge = ArrayMerge.with("linear");
        assertThatThrownBy(() -> merge.model(null, Map.of("weight", 1)))
                .isInstanceOf(NullPointerException.class)
                .hasMessage("array");
    }

    private static void assertRefused(Runnable call, String message) {
        assertThatThrownBy(call::run)
                .isInstanceOf(BadInputException.class)
                .hasMessageStartingWith(message);
    }

    /** A method as a user would write it. */
    private static final class Largest extends ArrayMergeMethod {
        @Override
        public MethodInfo info() {
            return new MethodInfo(
                    "largest",
                    "the larger of all elements",
                    "max(x_i)",
                    MethodInfo.Base.ORDINARY,
                    1,
                    Integer.MAX_VALUE,
                    List.of(),
                    new MethodInfo.Paper("none", "https://example.org"),
                    "whole tensors");
        }

        @Override
        protected INDArray merge(List<INDArray> inputs, TensorCall call) {
            INDArray largest = inputs.get(0);
            for (INDArray input : inputs) {
                assertThat(input.shape()).containsExactly(call.output().shape().dims());
                largest = Transforms.max(largest, input);
            }
            return largest;
        }
    }

    @Test
    void methodsWrittenWithArrays() {
        int n = 70_000;
        float[] a = new float[n];
        float[] b = new float[n];
        for (int i = 0; i < n; i++) {
            a[i] = i;
            b[i] = n - i;
        }
        TensorCall call =
                new TensorCall(
                        new TensorInfo("w", DType.F32, Shape.of(n / 2, 2)),
                        List.of(
                                new TensorCall.Input("a", Map.of()),
                                new TensorCall.Input("b", Map.of())),
                        -1,
                        Map.of(),
                        0);
        float[] merged =
                InMemory.run(new Largest().bind(call), List.of(a, b), ScalarKernels.INSTANCE);
        for (int i = 0; i < n; i++) {
            assertThat(merged[i]).isEqualTo(Math.max(i, n - i));
        }
    }

    private static void assertClose(INDArray actual, INDArray expected) {
        assertThat(actual.shape()).containsExactly(expected.shape());
        assertThat(actual.sub(expected).amaxNumber().doubleValue()).isCloseTo(0, within(1e-6));
    }
}
