package io.amalgam.cli;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.amalgam.Merge;
import io.amalgam.formats.safetensors.NamedTensor;
import io.amalgam.formats.safetensors.SafetensorsWriter;
import io.amalgam.method.MergeMethod;
import io.amalgam.method.MergeMethod.FailedException;
import io.amalgam.method.MethodInfo;
import io.amalgam.method.TensorCall;
import io.amalgam.method.TensorStep;
import io.amalgam.tensor.Shape;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a method of one's own throws is told with the method's name and the tensor's. */
class OwnMethodFailsTest {
    @TempDir Path folder;

    @BeforeEach
    void model() throws IOException {
        SafetensorsWriter.write(
                folder.resolve("a.safetensors"),
                List.of(NamedTensor.ofFloats("up.weight", Shape.of(2), new float[] {1, 2})),
                Map.of());
    }

    private record Failing(boolean atOnce) implements MergeMethod {
        @Override
        public MethodInfo info() {
            return new MethodInfo(
                    "failing",
                    "fails",
                    "none",
                    MethodInfo.Base.ORDINARY,
                    1,
                    2,
                    List.of(),
                    new MethodInfo.Paper("a test", "none"),
                    "none");
        }

        @Override
        public TensorStep bind(TensorCall call) {
            if (atOnce) {
                throw new IllegalArgumentException("no");
            }
            return (TensorStep.Combine) (in, out) -> out[in.length() + 100_000_000] = 1;
        }
    }

    @Test
    void whenItIsBound() {
        assertThatThrownBy(() -> merge(true).run())
                .isInstanceOf(FailedException.class)
                .hasMessage(
                        "method 'failing' failed on tensor 'up.weight': java.lang.IllegalArgumentException: no")
                .hasCauseInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void whenItCombines() {
        assertThatThrownBy(() -> merge(false).run())
                .isInstanceOf(FailedException.class)
                .hasMessageStartingWith(
                        "method 'failing' failed on tensor 'up.weight': java.lang.ArrayIndexOutOfBounds");
    }

    private Merge merge(boolean atOnce) {
        return Merge.method(new Failing(atOnce))
                .model(folder.resolve("a.safetensors").toString())
                .to(folder.resolve("out"));
    }
}
