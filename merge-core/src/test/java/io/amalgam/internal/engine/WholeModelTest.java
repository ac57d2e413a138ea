package io.amalgam.internal.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.amalgam.engine.Cancellation;
import io.amalgam.engine.MergeCancelledException;
import io.amalgam.engine.MergeListener;
import io.amalgam.error.BadInputException;
import io.amalgam.plan.MergePlan;
import io.amalgam.plan.PlanOptions;
import io.amalgam.recipe.Recipe;
import io.amalgam.tensor.DType;
import io.amalgam.tensor.Shape;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Merges that look at the whole model first. */
class WholeModelTest {
    private static final String KRUM =
            "merge_method: krum\nmodels: [{model: one}, {model: base}, {model: two}]\n"
                    + "parameters: {multi: 2}\n";
    private static final String TIES = Merges.TIES + "parameters: {trim_scope: model}\n";

    @TempDir static Path root;
    @TempDir Path temp;

    @BeforeAll
    static void models() throws IOException {
        TestModel.writeThree(root);
    }

    /** The survey is made again over all tensors, those that are already written included. */
    @ParameterizedTest
    @ValueSource(strings = {KRUM, TIES})
    void stoppedAndResumedGivesTheSameBytes(String text) throws IOException {
        Recipe recipe = Merges.recipe(text);
        Path expected = temp.resolve("expected");
        AtomicLong reads = new AtomicLong();
        Merges.run(
                recipe,
                Watched.watch(Merges.models(root), reads::set),
                expected,
                Options.DEFAULT.threads(1).build(),
                new Cancellation());
        Random random = new Random(text.length());
        int resumed = 0;
        for (int round = 0; round < 6; round++) {
            Path out = temp.resolve("out" + round);
            long stop = reads.get() / 2 + random.nextLong(reads.get() / 2);
            Cancellation cancellation = new Cancellation();
            Watched.Read watch =
                    number -> {
                        if (number == stop) {
                            cancellation.cancel();
                        }
                    };
            assertThatThrownBy(
                            () ->
                                    Merges.run(
                                            recipe,
                                            Watched.watch(Merges.models(root), watch),
                                            out,
                                            Options.DEFAULT.build(),
                                            cancellation))
                    .isInstanceOf(MergeCancelledException.class);
            resumed += Merges.run(recipe, root, out, Options.DEFAULT.resuming().build()).resumed();
            assertThat(out.resolve("model.plain"))
                    .hasSameBinaryContentAs(expected.resolve("model.plain"));
        }
        assertThat(resumed).isPositive();
    }

    @Test
    void thePlanSaysHowOftenAndWhatIsHeld() throws IOException {
        try (MergePlan plan = Merges.plan(Merges.recipe(TIES), root, PlanOptions.DEFAULT)) {
            assertThat(plan.wholeModel().orElseThrow().passes()).isEqualTo(3);
            assertThat(plan.wholeModel().orElseThrow().stateBytes()).isEqualTo(2 << 19);
            long held = MemoryNeeds.of(plan, 2).total(64 << 20);
            try (MergePlan each =
                    Merges.plan(Merges.recipe(Merges.TIES), root, PlanOptions.DEFAULT)) {
                assertThat(each.wholeModel()).isEmpty();
                assertThat(held).isEqualTo(MemoryNeeds.of(each, 2).total(64 << 20) + (2 << 20));
            }
            assertThat(MemoryNeeds.of(plan, 2).tooLittle(1 << 20)).isPresent();
        }
    }

    @Test
    void listenersHearOfThePasses() throws IOException {
        List<String> heard = new ArrayList<>();
        MergeListener listener =
                new MergeListener() {
                    @Override
                    public void surveying(int pass, int passes) {
                        heard.add(pass + "/" + passes);
                    }
                };
        try (MergePlan plan = Merges.plan(Merges.recipe(TIES), root, PlanOptions.DEFAULT)) {
            MergeEngine.run(
                    plan,
                    temp.resolve("out"),
                    Options.DEFAULT.build(),
                    listener,
                    new Cancellation());
        }
        assertThat(heard).startsWith("1/3", "2/3");
    }

    /** One model's tensor has a NaN; it is not the model that is taken. */
    @Test
    void krumDoesNotReadWhatItDoesNotTake() throws IOException {
        for (String name : List.of("a", "b", "c", "bad")) {
            TestModel model = new TestModel().random("x", DType.F32, Shape.of(100), 0);
            float last = name.equals("bad") ? Float.NaN : 1;
            model.floats("y", 1, last).write(temp.resolve(name));
        }
        String text =
                "merge_method: krum\nmodels: [{model: bad}, {model: a}, {model: b}, {model: c}]\n"
                        + "parameters: {multi: 2}\n";
        Merges.run(text, temp, temp.resolve("out"), Options.DEFAULT);
        assertThat(temp.resolve("out/model.plain"))
                .hasSameBinaryContentAs(temp.resolve("a/model.plain"));
    }

    @Test
    void whatDoesNotFitTogetherIsFoundWhilePlanning() throws IOException {
        new TestModel().floats("x", 1).floats("y", 1).write(temp.resolve("a"));
        new TestModel().floats("x", 1).floats("y", 1).write(temp.resolve("b"));
        new TestModel().floats("x", 1).floats("y", 1).write(temp.resolve("c"));
        new TestModel().floats("x", 1).write(temp.resolve("d"));
        Recipe recipe =
                Merges.recipe(
                        "merge_method: krum\n"
                                + "models: [{model: a}, {model: b}, {model: c}, {model: d}]\n");
        PlanOptions union =
                new PlanOptions(
                        0, PlanOptions.DEFAULT_SHARD_BYTES, PlanOptions.TensorSet.UNION, false);
        assertThatThrownBy(() -> Merges.plan(recipe, temp, union))
                .isInstanceOf(BadInputException.class)
                .hasMessage(
                        "models of tensor 'y': expected [a, b, c, d] as for every tensor, got [a, b, c] (recipe.yml:1:15); 'krum' judges whole models: leave out slices and TensorSet.UNION");
    }
}
