package io.amalgam.internal.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.amalgam.checkpoint.Checkpoint;
import io.amalgam.engine.Cancellation;
import io.amalgam.engine.MergeListener;
import io.amalgam.error.BadInputException;
import io.amalgam.error.Problem;
import io.amalgam.internal.kernel.ScalarKernels;
import io.amalgam.internal.plan.MergePlanner;
import io.amalgam.kernel.Workspace;
import io.amalgam.method.MethodRegistry;
import io.amalgam.method.TensorCall.Role;
import io.amalgam.plainformat.PlainModel;
import io.amalgam.plainformat.PlainOutput;
import io.amalgam.plan.MergePlan;
import io.amalgam.plan.PlanOptions;
import io.amalgam.plan.TensorTask;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Methods that read statistics beside the models, through plan and engine. */
class StatisticsTest {
    /** More than one unit, and no whole number of blocks. */
    private static final int ROWS = 3001;

    private static final int COLUMNS = 96;

    @TempDir private Path temp;

    private final Map<String, MemoryModel> models = new LinkedHashMap<>();

    @BeforeEach
    void models() {
        for (String name : List.of("base", "one", "two")) {
            models.put(
                    name,
                    new MemoryModel(name)
                            .tensor("fc.weight", ROWS, COLUMNS)
                            .tensor("fc.bias", ROWS)
                            .statistic("fc.weight.fisher", ROWS, COLUMNS)
                            .statistic("fc.bias.fisher", ROWS)
                            .statistic("fc.weight.input_gram", COLUMNS, COLUMNS));
        }
    }

    private MergePlan plan(String recipe) throws IOException {
        return new MergePlanner(
                        MethodRegistry.of(
                                List.of(
                                        WeightedByStatistics.fisher(),
                                        WeightedByStatistics.gram())),
                        ref -> models.get(ref.path()),
                        PlainOutput.DIRECTORY)
                .plan(Merges.recipe(recipe), PlanOptions.DEFAULT);
    }

    private static String recipe(String method) {
        return "merge_method: " + method + "\nmodels: [{model: one}, {model: two}]\n";
    }

    private Path merge(String recipe, int threads) throws IOException {
        Path out = temp.resolve("out" + threads);
        try (MergePlan plan = plan(recipe)) {
            MergeEngine.run(
                    plan,
                    out,
                    Options.DEFAULT.threads(threads).build(),
                    MergeListener.NONE,
                    new Cancellation());
        }
        return out;
    }

    private static float[] read(Path out, String tensor, int elements) throws IOException {
        try (Checkpoint model = PlainModel.open(out, "out")) {
            float[] values = new float[elements];
            model.tensors()
                    .get(tensor)
                    .read(0, elements, values, 0, new Workspace(ScalarKernels.INSTANCE, elements));
            return values;
        }
    }

    private float value(String model, String tensor, int at) {
        return models.get(model).values(tensor)[at];
    }

    @ParameterizedTest
    @CsvSource({"fisher, ''", "fisher, 'base_model: base\n'", "gram, ''"})
    void resultsDoNotDependOnThreads(String method, String base) throws IOException {
        Path one = merge(recipe(method) + base, 1);
        Path two = merge(recipe(method) + base, 2);
        assertThat(one.resolve("model.plain")).hasSameBinaryContentAs(two.resolve("model.plain"));
    }

    @Test
    void aStatisticOfTheOutputsShapeIsReadAlongWithIt() throws IOException {
        Path out = merge(recipe("fisher") + "base_model: base\n", 2);
        for (String tensor : List.of("fc.weight", "fc.bias")) {
            int elements = models.get("one").values(tensor).length;
            float[] merged = read(out, tensor, elements);
            for (int i = 0; i < elements; i++) {
                float f1 = value("one", tensor + ".fisher", i);
                float f2 = value("two", tensor + ".fisher", i);
                float sum = f1 * value("one", tensor, i) + f2 * value("two", tensor, i);
                assertThat(merged[i]).isEqualTo(sum / (f1 + f2));
            }
        }
    }

    @Test
    void aStatisticOfAnotherShapeIsReadWhole() throws IOException {
        float[] merged = read(merge(recipe("gram"), 2), "fc.weight", ROWS * COLUMNS);
        for (int i = 0; i < merged.length; i += 97) {
            float sum = 0;
            for (String model : List.of("one", "two")) {
                for (int k = 0; k < COLUMNS; k++) {
                    int row = i / COLUMNS * COLUMNS;
                    sum +=
                            value(model, "fc.weight", row + k)
                                    * value(
                                            model,
                                            "fc.weight.input_gram",
                                            k * COLUMNS + i % COLUMNS);
                }
            }
            assertThat(merged[i]).isEqualTo(sum);
        }
        assertThat(read(temp.resolve("out2"), "fc.bias", ROWS))
                .isEqualTo(models.get("one").values("fc.bias"));
    }

    @Test
    void rolesAndShapesAreInTheCall() throws IOException {
        try (MergePlan plan = plan(recipe("gram") + "base_model: base\n")) {
            TensorTask task = plan.tasks().get(0);
            assertThat(task.call().models()).hasSize(2).doesNotContain(task.call().base());
            assertThat(task.call().inputs(Role.BASE)).containsExactly(task.call().base());
            assertThat(task.call().inputs(Role.STATISTIC)).containsExactly(3, 4);
            for (int model : task.call().models()) {
                int gram = task.call().statistic(model, "input_gram").getAsInt();
                assertThat(task.call().shape(gram).dims()).containsExactly(COLUMNS, COLUMNS);
                assertThat(task.alongOutput(gram)).isFalse();
                assertThat(task.sources().get(gram).identity())
                        .isEqualTo(
                                task.call().inputs().get(model).model() + ":fc.weight.input_gram");
            }
            assertThat(task.call().statistic(task.call().base(), "input_gram")).isEmpty();
        }
    }

    @Test
    void planHashMemoryAndReportKnowThem() throws IOException {
        String hash;
        try (MergePlan plan = plan(recipe("gram"))) {
            hash = plan.hash();
            long held = (2L * ROWS * COLUMNS + COLUMNS * COLUMNS) * Float.BYTES;
            assertThat(MemoryNeeds.of(plan, 1).fullTensor()).isEqualTo(held);
            assertThat(plan.inputBytes())
                    .isEqualTo(2L * (ROWS * COLUMNS + ROWS + COLUMNS * COLUMNS) * Float.BYTES);
        }
        JsonNode report =
                new ObjectMapper()
                        .readTree(
                                Files.readString(
                                        merge(recipe("gram"), 1).resolve("amalgam-report.json")));
        JsonNode inputs = report.path("tensors").get(0).path("inputs");
        assertThat(inputs.findValuesAsText("role"))
                .containsExactly("model", "model", "statistic", "statistic");
        assertThat(inputs.get(3).path("part").asText()).isEqualTo("input_gram");
        assertThat(inputs.get(3).path("shape").toString()).isEqualTo("[96,96]");
        models.values().forEach(m -> m.without("fc.weight.input_gram"));
        try (MergePlan plan = plan(recipe("gram"))) {
            assertThat(plan.hash()).isNotEqualTo(hash);
            assertThat(plan.warnings().stream().map(Problem::toString))
                    .contains("1 tensor has no statistic 'input_gram' in any model");
        }
    }

    private void refused(String method, String message) {
        assertThatThrownBy(() -> plan(recipe(method)))
                .isInstanceOf(BadInputException.class)
                .hasMessageContaining(message);
    }

    @Test
    void aStatisticOfAnotherModelIsRefused() {
        models.get("two").statistic("fc.weight.input_gram", COLUMNS, COLUMNS + 1);
        refused(
                "gram",
                "statistic 'fc.weight.input_gram' of 'two': expected floats of shape [96, 96], got F32 [96, 97] (recipe.yml:2:32); the statistics are another model's: compute them from this one");
    }

    @Test
    void aStatisticThatOnlySomeModelsHaveIsRefused() {
        models.get("two").without("fc.weight.fisher").without("fc.bias.fisher");
        refused(
                "fisher",
                "statistic 'fisher' of tensor 'fc.weight' (and 1 more tensor): expected one in every model, got none in 'two' (recipe.yml:2:32); compute the statistics of all models alike");
    }

    @Test
    void aDamagedStatisticIsSaid() {
        models.get("two").values("fc.weight.fisher")[7] = Float.NaN;
        assertThatThrownBy(() -> merge(recipe("fisher"), 2))
                .hasMessageContaining(
                        "statistic 'fc.weight.fisher' of model 'two': expected finite numbers, got NaN at element 7; the statistics are damaged");
    }
}
