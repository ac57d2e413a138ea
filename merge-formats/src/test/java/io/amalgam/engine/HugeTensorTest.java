package io.amalgam.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.amalgam.error.BadInputException;
import io.amalgam.formats.safetensors.SafetensorsLayout;
import io.amalgam.plan.MergePlan;
import io.amalgam.plan.PlanOptions;
import io.amalgam.tensor.DType;
import io.amalgam.tensor.Shape;
import io.amalgam.tensor.TensorInfo;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Tensors too large for an array, in files that hold only a header and a hole. */
class HugeTensorTest {
    private static final long ROWS = (1L << 21) + 3;

    @TempDir Path root;

    @Test
    void arePlannedFromTheirHeaders() throws IOException {
        sparse("base", 1);
        sparse("one", 1);
        sparse("two", 1);
        try (MergePlan plan = Merges.plan(Merges.recipe(Merges.TIES), root, PlanOptions.DEFAULT)) {
            long elements = ROWS * 1024;
            assertThat(elements).isGreaterThan(Integer.MAX_VALUE);
            assertThat(plan.parameters()).isEqualTo(elements);
            assertThat(plan.outputBytes()).isEqualTo(2 * elements);
            assertThat(plan.inputBytes()).isEqualTo(6 * elements);
            assertThat(plan.layout().bytes()).isGreaterThan(2 * elements);
            assertThat(MergeEngine.bytesHeld(plan, 2, 64 << 20)).isLessThan(8 << 20);
        }
    }

    @Test
    void thatDoNotFitOnTheDiskAreRefusedBeforeAnythingIsWritten() throws IOException {
        long free = Files.getFileStore(root).getUsableSpace();
        assumeTrue(free < 8L << 40, "file systems do not take sparse files larger than this disk");
        int copies = (int) (free / (ROWS * 2048)) + 1;
        sparse("one", copies);
        sparse("two", copies);
        Path out = root.resolve("out");
        assertThatThrownBy(() -> Merges.run(Merges.LINEAR, root, out, Options.DEFAULT))
                .isInstanceOf(BadInputException.class)
                .hasMessageStartingWith("space for '" + out + "': expected ")
                .hasMessageEndingWith(
                        " bytes free; free some, or choose an output on another disk");
        assertThat(out).doesNotExist();
    }

    private void sparse(String model, int copies) throws IOException {
        List<TensorInfo> tensors =
                IntStream.range(0, copies)
                        .mapToObj(i -> new TensorInfo("w" + i, DType.BF16, Shape.of(ROWS, 1024)))
                        .toList();
        SafetensorsLayout layout = SafetensorsLayout.of(tensors, Map.of("format", "pt"));
        Path directory = Files.createDirectories(root.resolve(model));
        try (RandomAccessFile file =
                new RandomAccessFile(directory.resolve("model.safetensors").toFile(), "rw")) {
            file.write(layout.header());
            file.setLength(layout.size());
        }
    }
}
