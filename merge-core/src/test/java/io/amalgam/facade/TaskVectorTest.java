package io.amalgam.facade;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.amalgam.Checkpoints;
import io.amalgam.OpenModel;
import io.amalgam.TaskVector;
import io.amalgam.error.BadInputException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.Map;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.ResourceLock;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

@ResourceLock("ND4J")
class TaskVectorTest {
    private final Map<String, INDArray> base =
            Map.of("w", vector(1, 2), "b", vector(3), "i", Nd4j.createFromArray(1L, 2L));
    private final Map<String, INDArray> tuned =
            Map.of("w", vector(1.5f, 1), "b", vector(7), "i", Nd4j.createFromArray(1L, 2L));
    private final TaskVector change = TaskVector.between(base, tuned);

    @Test
    void isTheDifference() {
        assertThat(change.deltas()).containsOnlyKeys("w", "b");
        assertThat(change.deltas().get("w").toFloatVector()).containsExactly(0.5f, -1);
        assertThat(change.deltas().get("b").toFloatVector()).containsExactly(4);
        assertThat(change.norm()).isCloseTo(Math.sqrt(0.25 + 1 + 16), within(1e-6));
    }

    @Test
    void appliedToTheBaseIsTheTunedModel() {
        Map<String, INDArray> applied = change.apply(base);
        assertThat(applied).isEqualTo(tuned);
        applied.get("i").addi(1);
        assertThat(base.get("i").toLongVector()).containsExactly(1, 2);
    }

    @Test
    void canBeAddedScaledAndNegated() {
        TaskVector sum = change.add(change).scale(0.25).add(change.negate());
        assertThat(sum.deltas().get("w").toFloatVector()).containsExactly(-0.25f, 0.5f);
        assertThat(sum.deltas().get("b").toFloatVector()).containsExactly(-2);
        assertThat(change.deltas().get("b").toFloatVector()).containsExactly(4);
    }

    @Test
    void resultsHaveTheBasesTypes() {
        Map<String, INDArray> half = Map.of("w", vector(1, 2).castTo(DataType.BFLOAT16));
        TaskVector fine = TaskVector.between(half, Map.of("w", vector(1.25f, 3)));
        assertThat(fine.deltas().get("w").dataType()).isEqualTo(DataType.FLOAT);
        INDArray applied = fine.apply(half).get("w");
        assertThat(applied.dataType()).isEqualTo(DataType.BFLOAT16);
        assertThat(applied.castTo(DataType.FLOAT).toFloatVector()).containsExactly(1.25f, 3);
    }

    @Test
    void emptyTensorsHaveEmptyChanges() {
        Map<String, INDArray> empty = Map.of("e", Nd4j.empty(DataType.FLOAT), "w", vector(1));
        TaskVector none = TaskVector.between(empty, empty);
        assertThat(none.apply(empty).get("e").isEmpty()).isTrue();
        assertThat(none.scale(2).add(none).negate().norm()).isZero();
    }

    @Test
    void ofCheckpoints(@TempDir Path temp) throws IOException {
        // bfloat16: 1, 2 and 1, 3.
        Path a = Files.createDirectories(temp.resolve("a")).resolve("BF16-2.tensor");
        Path b = Files.createDirectories(temp.resolve("b")).resolve("BF16-2.tensor");
        Files.write(a, HexFormat.of().parseHex("803f0040"));
        Files.write(b, HexFormat.of().parseHex("803f4040"));
        try (OpenModel one = Checkpoints.open(a);
                OpenModel other = Checkpoints.open(b)) {
            TaskVector vector = TaskVector.between(one, other);
            assertThat(vector.deltas().get("w").toFloatVector()).containsExactly(0, 1);
            assertThat(vector.scale(2).apply(one).get("w").castTo(DataType.FLOAT).toFloatVector())
                    .containsExactly(1, 4);
        }
        OpenModel closed = Checkpoints.open(b);
        closed.close();
        assertThatThrownBy(() -> closed.tensor("w"))
                .isInstanceOf(IOException.class)
                .hasMessage("checkpoint '" + b + "' is closed");
    }

    @Test
    void modelsThatDoNotFitAreRefused() {
        assertThatThrownBy(() -> TaskVector.between(base, Map.of("w", vector(1, 2))))
                .isInstanceOf(BadInputException.class)
                .hasMessage(
                        "tensors of both models: expected the same names, got only in one: [b, i]");
        assertThatThrownBy(
                        () -> TaskVector.between(Map.of("w", vector(1)), Map.of("w", vector(1, 2))))
                .isInstanceOf(BadInputException.class)
                .hasMessage("shape of tensor 'w': expected [1], got [2]");
        assertThatThrownBy(
                        () ->
                                TaskVector.between(
                                        Map.of("i", Nd4j.createFromArray(1L)),
                                        Map.of("i", Nd4j.createFromArray(2L))))
                .isInstanceOf(BadInputException.class)
                .hasMessageStartingWith("integer tensor 'i' differs between the checkpoints");
        assertThatThrownBy(() -> change.apply(Map.of("w", vector(1), "b", vector(3))))
                .isInstanceOf(BadInputException.class)
                .hasMessage("shape of tensor 'w': expected [1], got [2]");
    }

    @Test
    void noChangeIsLostSilently() {
        assertThatThrownBy(() -> change.apply(Map.of("other", vector(1))))
                .isInstanceOf(BadInputException.class)
                .hasMessageStartingWith(
                        "tensors of the base: expected all that the task vector changes, got none of the name '");
    }

    @Test
    void integersHaveNoChange() {
        Map<String, INDArray> floats = Map.of("w", vector(1.5f));
        Map<String, INDArray> integers = Map.of("w", Nd4j.createFromArray(1));
        TaskVector half = TaskVector.between(Map.of("w", vector(1)), floats);
        for (ThrowingCallable call :
                new ThrowingCallable[] {
                    () -> TaskVector.between(floats, integers), () -> half.apply(integers)
                }) {
            assertThatThrownBy(call)
                    .isInstanceOf(BadInputException.class)
                    .hasMessage(
                            "type of tensor 'w': expected FLOAT, got INT; integers and booleans have no task vector");
        }
    }

    @Test
    void factorsAreFinite() {
        assertThatThrownBy(() -> change.scale(Double.NaN))
                .isInstanceOf(BadInputException.class)
                .hasMessage("factor of a task vector: expected a finite number, got NaN");
    }

    private static INDArray vector(float... values) {
        return Nd4j.createFromArray(values);
    }
}
