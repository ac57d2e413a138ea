package io.amalgam.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.amalgam.Checkpoints;
import io.amalgam.Merge;
import io.amalgam.Parameter;
import io.amalgam.RecipeMerge;
import io.amalgam.engine.MergeCancelledException;
import io.amalgam.engine.MergeListener;
import io.amalgam.engine.MergeReport;
import io.amalgam.error.BadInputException;
import io.amalgam.error.Problem;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.nd4j.linalg.api.ndarray.INDArray;

/** What a program that uses the library is told. */
class LibraryTest {
    @TempDir Path folder;
    private Path recipe;
    private String a;
    private String b;

    @BeforeEach
    void models() throws IOException {
        recipe = Models.averageRecipe(folder);
        a = folder.resolve("a").toString();
        b = folder.resolve("b").toString();
    }

    @AfterEach
    void notInterrupted() {
        Thread.interrupted();
    }

    @Test
    void messagesSpeakOfTheApi() {
        assertThatThrownBy(() -> Merge.ties().model(a, Parameter.weight(1)).plan())
                .isInstanceOf(BadInputException.class)
                .hasMessage("'ties' needs a base model; call base(...)");
        assertThatThrownBy(() -> Merge.linear().model(a).model(b, Parameter.weight(1)).plan())
                .hasMessageContaining(
                        "give Parameter.of(\"weight\", ...) to the model or to with(...)");
        assertThatThrownBy(() -> Merge.passthrough().base(a).model(b).plan())
                .hasMessageContaining("base(...) counts as one more model for 'passthrough'");
        assertThatThrownBy(
                        () ->
                                Merge.linear()
                                        .model(
                                                a,
                                                Parameter.filtered(
                                                        "weight", Parameter.where("up", 1)))
                                        .plan())
                .hasMessageContaining("add Parameter.otherwise(...) for all others");
        assertThatThrownBy(
                        () ->
                                Merge.taskArithmetic()
                                        .base(a)
                                        .slice(Merge.layers(b, 0, 2, Parameter.weight(1)))
                                        .plan())
                .hasMessageContaining("with slice(...) the base must be a source of every slice");
    }

    static <T> @Nullable T nothing() {
        return null;
    }

    static Stream<ThrowingCallable> nulls() {
        return Stream.of(
                () -> Merge.method((String) nothing()),
                () -> Merge.recipe(nothing()),
                () -> Merge.linear().model((String) nothing()),
                () -> Merge.linear().model((Path) nothing()),
                () -> Merge.linear().model(LibraryTest.<Map<String, INDArray>>nothing()),
                () -> Merge.linear().base((String) nothing()),
                () -> Merge.linear().to((Path) nothing()),
                () -> Merge.linear().to((String) nothing()),
                () -> Merge.linear().model("a", (Parameter) nothing()),
                () -> Merge.linear().with((Parameter) nothing()),
                () -> Merge.linear().listener(nothing()),
                () -> Merge.linear().folder(nothing()),
                () -> Merge.linear().dtype(nothing()),
                () -> Merge.linear().outDtype(nothing()),
                () -> Merge.layers(nothing(), 0, 1),
                () -> Checkpoints.open(nothing()),
                () -> Parameter.of("weight", nothing()));
    }

    @ParameterizedTest
    @MethodSource("nulls")
    void nullArgumentsAreNamed(ThrowingCallable call) {
        assertThatThrownBy(call)
                .isInstanceOf(NullPointerException.class)
                .message()
                .matches("[a-z]+");
    }

    /** Of two values the first would be lost, and options that are null would fail far away. */
    @Test
    void settersRefuseWhatIsNoSetting() {
        Parameter half = Parameter.weight(0.5);
        assertThatThrownBy(() -> Merge.linear().model(a, half, Parameter.weight(1)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("parameter 'weight' is given twice");
        assertThatThrownBy(() -> Merge.linear().with(half, half))
                .isInstanceOf(IllegalArgumentException.class);
        for (ThrowingCallable call :
                List.<ThrowingCallable>of(
                        () -> Merge.linear().plan(options -> null),
                        () -> Merge.linear().engine(options -> null),
                        () -> Merge.recipe(recipe).using(amalgam -> null))) {
            assertThatThrownBy(call)
                    .isInstanceOf(NullPointerException.class)
                    .hasMessage("result of change");
        }
    }

    @Test
    void anInterruptedThreadStops() {
        RecipeMerge merge = Merge.recipe(recipe);
        for (ThrowingCallable call :
                List.<ThrowingCallable>of(
                        () -> Checkpoints.open(Path.of(a)), merge::plan, merge.to(folder)::run)) {
            Thread.currentThread().interrupt();

            assertThatThrownBy(call).isInstanceOf(MergeCancelledException.class);

            assertThat(Thread.interrupted()).isTrue();
        }
    }

    @Test
    void warningsReachListenerReportAndFile() throws IOException {
        List<String> heard = new ArrayList<>();
        Path out = folder.resolve("out");
        MergeListener listener =
                new MergeListener() {
                    @Override
                    public void warned(Problem warning) {
                        heard.add(warning.what());
                    }
                };

        MergeReport report =
                Merge.linear()
                        .model(
                                a,
                                Parameter.filtered(
                                        "weight",
                                        Parameter.where("upp", 2),
                                        Parameter.otherwise(1)))
                        .model(b, Parameter.weight(1))
                        .listener(listener)
                        .to(out)
                        .run();

        String warning = "filter 'upp' of parameter 'weight' matches no tensor";
        assertThat(heard).containsExactly(warning);
        assertThat(report.warnings()).extracting(Problem::what).containsExactly(warning);
        assertThat(
                        new ObjectMapper()
                                .readTree(out.resolve(MergeReport.FILE).toFile())
                                .get("warnings")
                                .toString())
                .contains(warning);
    }
}
