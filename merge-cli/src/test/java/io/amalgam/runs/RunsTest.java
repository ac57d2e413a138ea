package io.amalgam.runs;

import static org.assertj.core.api.Assertions.assertThat;

import io.amalgam.cli.Models;
import io.amalgam.error.Problem;
import io.amalgam.formats.safetensors.SafetensorsFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Batches and soups as a program uses them. */
class RunsTest {
    @TempDir private Path folder;

    @Test
    void aBatchMergesEveryCombinationAndGoesOnAfterAFailure() throws IOException {
        model("a", 1);
        model("b", 3);
        Path good = recipe("good.yml", "a", "b", "${weight}");
        Path bad = recipe("bad.yml", "a", "missing-model-path", "1");
        List<String> heard = new ArrayList<>();

        List<Batch.Result> results =
                Batch.of(List.of(good, bad))
                        .sweep("weight", List.of("1", "3"))
                        .listener(
                                new Batch.Listener() {
                                    @Override
                                    public void ends(Batch.Result result) {
                                        heard.add(result.job().name() + " " + result.state());
                                    }

                                    @Override
                                    public Problem words(Problem problem) {
                                        return problem.hint("hinted");
                                    }
                                })
                        .run(folder.resolve("out"));

        assertThat(results)
                .extracting(result -> result.job().name() + " " + result.state())
                .containsExactly("good_weight=1 MERGED", "good_weight=3 MERGED", "bad FAILED");
        assertThat(heard)
                .containsExactlyInAnyOrder(
                        "good_weight=1 MERGED", "good_weight=3 MERGED", "bad FAILED");
        assertThat(results.get(2).problems()).allMatch(p -> p.hint().equals("hinted"));
        assertThat(value(results.get(0).output())).isEqualTo(2f);
        assertThat(value(results.get(1).output())).isEqualTo(2.5f);
        assertThat(folder.resolve("out").resolve(Batch.FILE))
                .content()
                .isEqualTo(Batch.json(results) + "\n");
    }

    @Test
    void aSoupKeepsWhatHelps() throws IOException {
        List<Path> models = List.of(model("low", 0), model("high", 8), model("middle", 6));
        List<String> heard = new ArrayList<>();

        GreedySoup.Choice choice =
                GreedySoup.by((model, cancellation) -> Math.min(0, Math.round(value(model)) - 7))
                        .known(java.util.Map.of(models.get(0), -7.0))
                        .listener(
                                (model, score, verdict) ->
                                        heard.add(
                                                model.getFileName() + " " + score + " " + verdict))
                        .choose(models, folder);

        assertThat(choice.models()).containsExactly(models.get(1), models.get(2));
        assertThat(choice.score()).isEqualTo(0);
        assertThat(heard)
                .containsExactly(
                        "low -7.0 ALONE",
                        "high 0.0 ALONE",
                        "middle -1.0 ALONE",
                        "middle 0.0 KEPT",
                        "low -2.0 LEFT_OUT");
        assertThat(Files.exists(folder.resolve("candidate-3"))).isFalse();
    }

    private Path recipe(String name, String first, String second, String weight)
            throws IOException {
        return Files.writeString(
                folder.resolve(name),
                """
                merge_method: linear
                models:
                  - {model: %s, parameters: {weight: 1}}
                  - {model: %s, parameters: {weight: %s}}
                """
                        .formatted(folder.resolve(first), folder.resolve(second), weight));
    }

    private Path model(String name, float value) throws IOException {
        return Models.tiny(folder.resolve(name), value);
    }

    private static float value(Path model) throws IOException {
        try (SafetensorsFile file = SafetensorsFile.open(model.resolve("model.safetensors"))) {
            return file.floats("model.embed_tokens.weight")[0];
        }
    }
}
