package io.amalgam.internal.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.amalgam.error.BadInputException;
import io.amalgam.method.MethodInfo;
import io.amalgam.plainformat.PlainFile;
import io.amalgam.plan.MergePlan;
import io.amalgam.plan.PlanOptions;
import io.amalgam.recipe.Recipe;
import io.amalgam.tensor.DType;
import io.amalgam.tensor.Shape;
import io.amalgam.tensor.TensorInfo;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Tensors too large for an array, in files that hold only a header and a hole. */
class HugeTensorTest {
    private static final long ROWS = (1L << 21) + 3;

    @TempDir Path root;

    static Stream<MethodInfo> methods() {
        return EveryMethod.all();
    }

    @ParameterizedTest
    @MethodSource("methods")
    void arePlannedFromTheirHeaders(MethodInfo method) throws IOException {
        List<String> models = EveryMethod.models(method);
        for (String model : List.of("base", "one", "two", "three")) {
            sparse(model, 1);
        }
        long inputs = models.size() + (method.base() == MethodInfo.Base.REQUIRED ? 1 : 0);
        Recipe recipe = Merges.recipe(EveryMethod.recipe(method, models));
        try (MergePlan plan = Merges.plan(recipe, root, PlanOptions.DEFAULT)) {
            long elements = ROWS * 1024;
            assertThat(elements).isGreaterThan(Integer.MAX_VALUE);
            assertThat(plan.parameters()).isEqualTo(elements);
            assertThat(plan.modelTasks().get(0).output().bytes()).isEqualTo(4 * elements);
            assertThat(plan.modelTasks().get(0).sources().subList(0, (int) inputs))
                    .allMatch(source -> source.storedBytes() == 2 * elements);
            assertThat(plan.layout().bytes()).isGreaterThan(4 * elements);
            long state = plan.wholeModel().map(whole -> whole.stateBytes()).orElse(0L);
            MemoryNeeds needs = MemoryNeeds.of(plan, 2);
            long kept = needs.fullTensor();
            assertThat(needs.total(64 << 20) - 2 * state - kept).isLessThan(16 << 20);
            // Sums of each unit, or a few numbers of each row.
            assertThat(kept).isLessThanOrEqualTo(elements / 40);
        }
    }

    @ParameterizedTest
    @MethodSource("methods")
    void ofOneRowAreRefusedWhereAMethodLooksAtWholeRows(MethodInfo method) throws IOException {
        for (String model : List.of("base", "one", "two", "three")) {
            sparse(model, Shape.of(ROWS * 1024), 1);
        }
        Recipe recipe = Merges.recipe(EveryMethod.recipe(method, EveryMethod.models(method)));
        boolean rows = false;
        try (MergePlan plan = Merges.plan(recipe, root, PlanOptions.DEFAULT)) {
            assertThat(plan.parameters()).isEqualTo(ROWS * 1024);
        } catch (BadInputException e) {
            rows = true;
            assertThat(e)
                    .hasMessageStartingWith(
                            "rows of tensor 'w0': expected at most 2147483639 elements, got 2147486720");
        }
        assertThat(rows).isEqualTo(method.name().equals("arcee_fusion"));
    }

    /** Where a pass without rows comes first, too. */
    @ParameterizedTest
    @CsvSource({"della, false", "della, true", "della_linear, false"})
    void ofOneRowThatIsRankedAreRefused(String method, boolean equal) throws IOException {
        for (String model : List.of("base", "one")) {
            sparse(model, Shape.of(ROWS * 1024), 1);
        }
        Recipe recipe =
                Merges.recipe(
                        """
                        merge_method: %s
                        base_model: base
                        models: [{model: one, parameters: {weight: 1, density: 0.5}}]
                        parameters: {equalize_norms: %s}
                        """
                                .formatted(method, equal));
        assertThatThrownBy(() -> Merges.plan(recipe, root, PlanOptions.DEFAULT))
                .isInstanceOf(BadInputException.class)
                .hasMessageStartingWith(
                        "rows of tensor 'w0': expected at most 2147483639 elements, got 2147486720");
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
        sparse(model, Shape.of(ROWS, 1024), copies);
    }

    private void sparse(String model, Shape shape, int copies) throws IOException {
        List<TensorInfo> tensors =
                IntStream.range(0, copies)
                        .mapToObj(i -> new TensorInfo("w" + i, DType.BF16, shape))
                        .toList();
        Path directory = Files.createDirectories(root.resolve(model));
        PlainFile.writeHeader(directory.resolve("model.plain"), tensors);
    }
}
