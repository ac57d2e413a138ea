package io.amalgam.internal.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.amalgam.checkpoint.Checkpoint;
import io.amalgam.checkpoint.TensorSource;
import io.amalgam.error.BadInputException;
import io.amalgam.internal.kernel.ScalarKernels;
import io.amalgam.kernel.Workspace;
import io.amalgam.method.MethodInfo;
import io.amalgam.plainformat.PlainModel;
import io.amalgam.tensor.DType;
import io.amalgam.tensor.Shape;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What must hold of every method there is, those that are yet to come included. */
class EveryMethodTest {
    /** Methods that are told apart from others by the order of their models. */
    private static final Set<String> ORDERED = Set.of("ema", "lawa", "cabs", "svc");

    /** Methods that are no mean: equal models do not give that model. */
    private static final Set<String> NOT_MEANS = Set.of();

    /** Methods that draw a mask of its own for each place in the list of models. */
    private static final Set<String> RANDOM =
            Set.of("dare_linear", "dare_ties", "della", "della_linear");

    @TempDir Path root;
    private int outputs;

    @BeforeEach
    void models() throws IOException {
        List<String> names = List.of("base", "one", "two", "three");
        for (int seed = 0; seed < names.size(); seed++) {
            TestModel model = new TestModel();
            model.random("layers.0.w", DType.F32, Shape.of(37, 41), seed);
            model.random("layers.1.w", DType.F32, Shape.of(19, 7), seed);
            model.random("v", DType.F32, Shape.of(501), seed);
            model.write(root.resolve(names.get(seed)));
        }
    }

    static Stream<MethodInfo> all() {
        return EveryMethod.all();
    }

    static Stream<MethodInfo> withWeights() {
        return all().filter(method -> method.parameter("weight").isPresent());
    }

    static Stream<MethodInfo> withDensity() {
        // That of task_arithmetic has no effect, as in mergekit.
        return all().filter(method -> method.parameter("density").isPresent())
                .filter(method -> !method.name().equals("task_arithmetic"));
    }

    private Map<String, float[]> merge(String recipe) throws IOException {
        return merge(recipe, Options.DEFAULT);
    }

    private Map<String, float[]> merge(String recipe, Options options) throws IOException {
        Path out = root.resolve("out-" + outputs++);
        Merges.run(recipe, root, out, options);
        return read(out);
    }

    private static Map<String, float[]> read(Path model) throws IOException {
        Map<String, float[]> all = new LinkedHashMap<>();
        Workspace workspace = new Workspace(ScalarKernels.INSTANCE, 1 << 16);
        try (Checkpoint checkpoint = PlainModel.open(model, "m")) {
            for (Map.Entry<String, ? extends TensorSource> tensor :
                    checkpoint.tensors().entrySet()) {
                float[] values = new float[(int) tensor.getValue().info().elements()];
                tensor.getValue().read(0, values.length, values, 0, workspace);
                all.put(tensor.getKey(), values);
            }
        }
        return all;
    }

    private static void assertFinite(Map<String, float[]> merged) {
        merged.forEach(
                (name, values) -> {
                    for (float value : values) {
                        assertThat(value).as(name).isFinite();
                    }
                });
    }

    private static void assertClose(Map<String, float[]> merged, Map<String, float[]> expected) {
        assertThat(merged.keySet()).isEqualTo(expected.keySet());
        merged.forEach(
                (name, values) -> {
                    float[] wanted = expected.get(name);
                    for (int i = 0; i < values.length; i++) {
                        if (!(Math.abs(values[i] - wanted[i]) <= 1e-5)) {
                            assertThat(values[i]).as(name + "[%d]", i).isEqualTo(wanted[i]);
                        }
                    }
                });
    }

    @ParameterizedTest
    @MethodSource("all")
    void equalModelsGiveThatModel(MethodInfo method) throws IOException {
        assumeTrue(!NOT_MEANS.contains(method.name()));
        for (String name : List.of("base", "two", "three")) {
            copy("one", name, Float.NaN, -1);
        }
        assertClose(
                merge(EveryMethod.recipe(method, EveryMethod.models(method))),
                read(root.resolve("one")));
    }

    /** Writes a model with the values of another, but for one in tensor {@code v}. */
    private void copy(String from, String to, float bad, int at) throws IOException {
        Map<String, float[]> values = read(root.resolve(from));
        if (at >= 0) {
            values.get("v")[at] = bad;
        }
        TestModel model = new TestModel();
        model.values("layers.0.w", DType.F32, Shape.of(37, 41), values.get("layers.0.w"));
        model.values("layers.1.w", DType.F32, Shape.of(19, 7), values.get("layers.1.w"));
        model.floats("v", values.get("v"));
        model.write(root.resolve(to));
    }

    @ParameterizedTest
    @MethodSource("all")
    void theOrderOfModelsIsOneOfTaste(MethodInfo method) throws IOException {
        assumeTrue(!ORDERED.contains(method.name()) && !RANDOM.contains(method.name()));
        List<String> models = EveryMethod.models(method);
        List<String> turned = new ArrayList<>(models);
        Collections.rotate(turned, 1);
        Map<String, Object> values =
                method.parameter("density").isPresent() ? Map.of("density", 0.5) : Map.of();
        assertClose(
                merge(EveryMethod.recipe(method, turned, values, Map.of())),
                merge(EveryMethod.recipe(method, models, values, Map.of())));
    }

    @ParameterizedTest
    @MethodSource("all")
    void oneModelAloneIsMergedWithItsBaseOrTakenAsItIs(MethodInfo method) throws IOException {
        assumeTrue(method.minModels() <= 1);
        Map<String, float[]> merged = merge(EveryMethod.recipe(method, List.of("one")));
        assertFinite(merged);
        if (method.base() != MethodInfo.Base.REQUIRED && !NOT_MEANS.contains(method.name())) {
            assertClose(merged, read(root.resolve("one")));
        }
        if (method.minModels() == 0) {
            String baseAlone = EveryMethod.recipe(method, List.of("base"));
            assertClose(merge(baseAlone), read(root.resolve("base")));
        }
    }

    @ParameterizedTest
    @MethodSource("withWeights")
    void aModelOfWeightZeroAddsNothing(MethodInfo method) throws IOException {
        assumeTrue(method.maxModels() > 2);
        List<String> two = List.of("one", "two");
        assertClose(
                merge(
                        EveryMethod.recipe(
                                method, EveryMethod.models(method), Map.of(), Map.of("weight", 0))),
                merge(EveryMethod.recipe(method, two)));
    }

    @ParameterizedTest
    @MethodSource("withWeights")
    void negativeWeightsAreUsedOrRefused(MethodInfo method) throws IOException {
        String recipe =
                EveryMethod.recipe(
                        method, EveryMethod.models(method), Map.of(), Map.of("weight", -0.25));
        try {
            assertFinite(merge(recipe));
        } catch (BadInputException e) {
            assertThat(e).hasMessageContaining("weight");
        }
    }

    @ParameterizedTest
    @MethodSource("withDensity")
    void ofDensityZeroNothingIsAdded(MethodInfo method) throws IOException {
        assertClose(
                merge(
                        EveryMethod.recipe(
                                method,
                                EveryMethod.models(method),
                                Map.of("density", 0),
                                Map.of())),
                read(root.resolve("base")));
    }

    @ParameterizedTest
    @MethodSource("withDensity")
    void ofDensityOneNothingIsDropped(MethodInfo method) throws IOException {
        Map<String, Object> values = Map.of("density", 1, "normalize", true);
        String plain = method.parameter("sign_method").isPresent() ? "ties" : "task_arithmetic";
        String recipe = EveryMethod.recipe(method, EveryMethod.models(method), values, Map.of());
        assertClose(
                merge(recipe),
                merge(
                        recipe.replace(
                                "merge_method: " + method.name() + "\n",
                                "merge_method: " + plain + "\n")));
    }

    @ParameterizedTest
    @MethodSource("all")
    void numbersThatAreNoneAreRefusedWithTheirTensor(MethodInfo method) throws IOException {
        // The bytes of one are copied as they are, one leaves such models out, one reads matrices.
        assumeTrue(!Set.of("passthrough", "krum", "svc").contains(method.name()));
        List<String> models = EveryMethod.models(method);
        String recipe = EveryMethod.recipe(method, models);
        List<String> read = new ArrayList<>(models.subList(models.size() - 1, models.size()));
        if (method.base() == MethodInfo.Base.REQUIRED) {
            read.add("base");
        }
        for (String damaged : read) {
            copy(damaged, "sound", 0, -1);
            for (float bad : new float[] {Float.NaN, Float.NEGATIVE_INFINITY}) {
                copy("sound", damaged, bad, 500);
                assertThatThrownBy(() -> merge(recipe))
                        .isInstanceOf(BadInputException.class)
                        .hasMessageContaining("tensor 'v' of model '" + damaged + "'")
                        .hasMessageContaining("at element 500");
            }
            assertThat(merge(recipe, Options.DEFAULT.allowingNonfinite()).get("v")).hasSize(501);
            copy("sound", damaged, 0, -1);
        }
    }

    @ParameterizedTest
    @MethodSource("all")
    void tensorsMayHaveOneElementOrNone(MethodInfo method) throws IOException {
        List<Shape> shapes =
                List.of(
                        Shape.of(),
                        Shape.of(0),
                        Shape.of(1),
                        Shape.of(0, 3),
                        Shape.of(3, 0),
                        Shape.of(1, 1),
                        Shape.of(1, 3),
                        Shape.of(3, 1),
                        Shape.of(2, 1, 2));
        List<String> names = List.of("base", "one", "two", "three");
        for (int seed = 0; seed < names.size(); seed++) {
            TestModel model = new TestModel();
            for (Shape shape : shapes) {
                model.random("w" + shape, DType.F32, shape, seed);
            }
            model.write(root.resolve(names.get(seed)));
        }
        List<String> models = EveryMethod.models(method);
        Map<String, Object> half =
                method.parameter("density").isPresent() ? Map.of("density", 0.5) : Map.of();
        Map<String, float[]> merged = merge(EveryMethod.recipe(method, models, half, Map.of()));
        assertFinite(merged);
        for (Shape shape : shapes) {
            assertThat(merged.get("w" + shape)).hasSize((int) shape.elements());
        }
    }

    @ParameterizedTest
    @MethodSource("all")
    void threadsAndBlocksDoNotChangeABit(MethodInfo method) throws IOException {
        String recipe = EveryMethod.recipe(method, EveryMethod.models(method));
        Map<String, float[]> merged = merge(recipe);
        Map<String, float[]> other = merge(recipe, Options.DEFAULT.threads(1).memory(4 << 20));
        merged.forEach(
                (name, values) ->
                        assertThat(Arrays.equals(values, other.get(name))).as(name).isTrue());
    }
}
