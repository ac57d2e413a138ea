package io.amalgam.internal.linalg;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.amalgam.error.BadInputException;
import io.amalgam.error.Problem;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class LibraryCheckTest {
    private static final int SIZE = 40;

    /** Column by column. */
    private static void slowly(double[] symmetric, double[] b, double[] out) {
        for (int i = 0; i < SIZE; i++) {
            for (int j = 0; j < SIZE; j++) {
                for (int k = 0; k < SIZE; k++) {
                    double s = symmetric[i <= k ? k * SIZE + i : i * SIZE + k];
                    out[j * SIZE + i] += s * b[j * SIZE + k];
                }
            }
        }
    }

    @Test
    void rightProductsAreTaken() {
        assertThat(LibraryCheck.isRight(LibraryCheckTest::slowly)).isTrue();
        assertThatCode(() -> LibraryCheck.require(true)).doesNotThrowAnyException();
    }

    @Test
    void aProductThatIsWrongInOnePlaceIsNot() {
        LibraryCheck.Products wrong =
                (s, b, out) -> {
                    slowly(s, b, out);
                    out[SIZE * SIZE - 1] += 1e-6;
                };
        assertThat(LibraryCheck.isRight(wrong)).isFalse();
        assertThat(LibraryCheck.isRight((s, b, out) -> Arrays.fill(out, Double.NaN))).isFalse();
        assertThatThrownBy(() -> LibraryCheck.require(false))
                .isInstanceOf(BadInputException.class)
                .hasMessage(
                        "a matrix product by OpenBLAS: expected the right one, got another (its code for this processor); set the environment variable OPENBLAS_CORETYPE to Haswell")
                .satisfies(
                        e ->
                                assertThat(((BadInputException) e).problems().get(0).kind())
                                        .isEqualTo(Problem.Kind.MACHINE));
    }

    /**
     * Prints what a decomposition is, or why there is none.
     *
     * @param args not read
     */
    public static void main(String[] args) {
        Matrix matrix = Matrix.zeros(170, 170);
        matrix.addToDiagonal(2);
        try {
            System.out.println(Dense.svd(matrix).s()[169]);
        } catch (BadInputException refused) {
            System.out.println("refused");
        }
    }

    /** Where the processor lacks what such code needs, OpenBLAS takes other code. */
    @ParameterizedTest
    @ValueSource(strings = {"Haswell", "SkylakeX", "Cooperlake"})
    void codeForOtherProcessorsIsRightOrRefused(String kind) throws Exception {
        ProcessBuilder builder =
                new ProcessBuilder(
                                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                                "-cp",
                                System.getProperty("java.class.path"),
                                LibraryCheckTest.class.getName())
                        .redirectError(ProcessBuilder.Redirect.DISCARD);
        builder.environment().put("OPENBLAS_CORETYPE", kind);
        Process child = builder.start();
        String said =
                new String(child.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
        if (said.equals("refused")) {
            assertThat(kind).isNotEqualTo("Haswell");
        } else {
            assertThat(Double.parseDouble(said)).isEqualTo(2);
        }
    }
}
