package io.amalgam.internal.method.builtin;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import io.amalgam.internal.kernel.ScalarKernels;
import io.amalgam.method.Block;
import io.amalgam.method.TensorStep;
import io.amalgam.tensor.Shape;
import java.lang.management.ManagementFactory;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What steps on rows declare to hold, and what they allocate. */
class RowMemoryTest {
    private static final int ELEMENTS = 1 << 19;

    /** What does not grow with the row: sums, factors, lists. */
    private static final int SMALL = 1 << 18;

    private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

    @ParameterizedTest
    @CsvSource({
        "della, true, vector, 1",
        "della, false, vector, 3",
        "della, density, vector, 2",
        "della, true, channels, 2",
        "della, density, channels, 1",
        "della_linear, true, vector, 2",
        "della_linear, density, channels, 2",
        "arcee_fusion, , rows, 1",
        "model_stock, , rows, 2",
        "model_stock, , rows, 5",
        "nuslerp, , rows, 2",
    })
    void isDeclared(String method, String rescale, String form, int models) {
        Shape shape =
                switch (form) {
                    case "vector" -> Shape.of(ELEMENTS);
                    case "rows" -> Shape.of(2, ELEMENTS / 2);
                    default -> Shape.of(1, ELEMENTS / 4, 4);
                };
        MethodCall call = MethodCall.of(method).base(random(0));
        for (int m = 1; m <= models; m++) {
            call.model(random(m), Map.of("weight", 0.5, "density", 0.5, "epsilon", 0.1));
        }
        call.shape(shape.dims());
        if (rescale != null) {
            call.set("rescale", rescale);
        }
        call.set("filter_wise", true).set("nuslerp_flatten", false);
        TensorStep step = call.bind();
        double most = 0;
        while (step instanceof TensorStep.Reduce<?> reduce && reduce.rowLength() > 1) {
            Block row = block(reduce.rowLength(), models + 1);
            long before = THREADS.getCurrentThreadAllocatedBytes();
            step = fold(reduce, row);
            most = Math.max(most, share(before, reduce.scratchBytes(models + 1), row));
        }
        if (step instanceof TensorStep.Combine combine) {
            Block row = block(combine.rowLength(), models + 1);
            float[] out = new float[row.capacity()];
            long before = THREADS.getCurrentThreadAllocatedBytes();
            combine.combine(row, out);
            most = Math.max(most, share(before, combine.scratchBytes(models + 1), row));
        }
        assertThat(most).isGreaterThan(0.3);
    }

    /** A block of one row. */
    private static Block block(long length, int inputs) {
        Block row = new Block(ScalarKernels.INSTANCE, inputs, (int) length);
        for (int i = 0; i < inputs; i++) {
            System.arraycopy(random(i), 0, row.input(i), 0, (int) length);
        }
        row.moveTo(0, (int) length);
        return row;
    }

    private static <S> TensorStep fold(TensorStep.Reduce<S> reduce, Block row) {
        S state = reduce.newState();
        reduce.fold(state, row);
        return reduce.next(state);
    }

    /** Of what is declared, how much was allocated. */
    private static double share(long before, int declared, Block row) {
        long allocated = THREADS.getCurrentThreadAllocatedBytes() - before;
        long bytes = (long) declared * row.length();
        assertThat(allocated).isLessThanOrEqualTo(bytes + SMALL);
        return (double) allocated / bytes;
    }

    /** Of few values, as differences of 16-bit numbers are: ranks are then found by sorting. */
    private static float[] random(int seed) {
        Random random = new Random(seed);
        float[] values = new float[ELEMENTS];
        for (int i = 0; i < values.length; i++) {
            values[i] = random.nextInt(1 << 20);
        }
        return values;
    }
}
