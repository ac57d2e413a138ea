package io.amalgam.samples;

import static org.assertj.core.api.Assertions.assertThat;

import io.amalgam.Amalgam;
import io.amalgam.ArrayMerge;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** A method plugged in through ServiceLoader is one like any other. */
class MedianMethodTest {
    private static final INDArray A = Nd4j.createFromArray(new float[][] {{1, -5, 3}, {0, 2, 9}});
    private static final INDArray B = Nd4j.createFromArray(new float[][] {{4, -6, 3}, {8, 1, 9}});
    private static final INDArray C = Nd4j.createFromArray(new float[][] {{2, -1, 7}, {9, 0, 5}});

    @Test
    void registryFindsIt() {
        assertThat(Amalgam.load().methods().get("median")).isInstanceOf(MedianMethod.class);
    }

    @Test
    void middleOfThree() {
        assertThat(median(A, B, C))
                .isEqualTo(Nd4j.createFromArray(new float[][] {{2, -5, 3}, {8, 1, 9}}));
    }

    @Test
    void meanOfTheMiddleTwo() {
        assertThat(median(A, B, C, C))
                .isEqualTo(Nd4j.createFromArray(new float[][] {{2, -3, 5}, {8.5f, 0.5f, 7}}));
    }

    @Test
    void oneModelStaysAsItIs() {
        assertThat(median(A)).isEqualTo(A);
    }

    @Test
    void anyShape() {
        INDArray vector = Nd4j.createFromArray(1f, 2f, 3f);
        assertThat(median(vector, vector.add(2), vector.add(1))).isEqualTo(vector.add(1));
        INDArray cube = Nd4j.arange(24).castTo(A.dataType()).reshape(2, 3, 4);
        assertThat(median(cube, cube.add(2), cube.sub(9))).isEqualTo(cube);
        assertThat(median(Nd4j.scalar(1f), Nd4j.scalar(5f), Nd4j.scalar(2f)))
                .isEqualTo(Nd4j.scalar(2f));
    }

    private static INDArray median(INDArray... models) {
        ArrayMerge merge = ArrayMerge.with("median");
        for (INDArray model : models) {
            merge.model(model, Map.of());
        }
        return merge.merge();
    }
}
