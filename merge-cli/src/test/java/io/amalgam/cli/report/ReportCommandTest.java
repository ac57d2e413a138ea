package io.amalgam.cli.report;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.amalgam.cli.Cli;
import io.amalgam.cli.Models;
import io.amalgam.formats.safetensors.NamedTensor;
import io.amalgam.formats.safetensors.SafetensorsWriter;
import io.amalgam.tensor.Shape;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ReportCommandTest {
    /** Markup in every place where a checkpoint or a recipe can bring text. */
    private static final String EVIL = "</script><img src=x onerror=alert(1)>\"'&";

    @TempDir Path folder;
    private Path recipe;
    private Path out;

    @BeforeEach
    void models() throws IOException {
        Models.tiny(folder.resolve("base"), 1);
        Models.tiny(folder.resolve("a"), 2);
        Models.tiny(folder.resolve("b"), -1);
        recipe =
                Models.recipe(
                        folder,
                        """
                        merge_method: task_arithmetic
                        base_model: base
                        models:
                          - {model: a, parameters: {weight: 0.5}}
                          - {model: b, parameters: {weight: 0.25}}
                        dtype: float32
                        """);
        out = folder.resolve("out");
    }

    private static String run(Path page, Object... words) throws IOException {
        Cli result = Cli.run(words);
        assertThat(result.exit()).as(result.err()).isZero();
        String html = Files.readString(page);
        assertSelfContained(html);
        return html;
    }

    /** Nothing is loaded, and every script is ours. */
    private static void assertSelfContained(String html) {
        assertThat(html)
                .startsWith("<!DOCTYPE html>")
                .contains("default-src 'none'")
                .doesNotContainPattern("(?i)<(link|img|iframe|script)[^>]*(src|href)=")
                .doesNotContain("@import")
                .doesNotContain("onerror=alert(1)>");
        assertThat(Pattern.compile("<script").matcher(html).results().count())
                .isEqualTo(Pattern.compile("</script>").matcher(html).results().count())
                .isLessThanOrEqualTo(3);
    }

    /** The recipe kept with the model says nothing of the folder that its paths are relative to. */
    @Test
    void namesTheOptionForPathsRelativeToTheRecipe() throws IOException {
        Path elsewhere = Files.createDirectories(folder.resolve("x/y")).resolve("merged");
        assertThat(Cli.run("merge", recipe, elsewhere).exit()).isZero();

        Cli result = Cli.run("report", elsewhere);

        assertThat(result.exit()).isEqualTo(3);
        assertThat(result.errors())
                .isNotEmpty()
                .allSatisfy(
                        error ->
                                assertThat(error)
                                        .contains("expected an existing path")
                                        .endsWith("name the recipe's file with --recipe"));
        assertThat(Cli.run("report", elsewhere, "--recipe", recipe).exit()).isZero();
    }

    private static JsonNode data(String html) throws IOException {
        Matcher data = Pattern.compile("id=\"data\">(.*?)</script>", Pattern.DOTALL).matcher(html);
        assertThat(data.find()).isTrue();
        return new ObjectMapper().readTree(data.group(1));
    }

    private Path ofLlama() throws IOException {
        Path golden = Path.of("..", "merge-formats", "src", "test", "resources", "golden");
        Path model = golden.resolve("gguf/models/hf-llama").toAbsolutePath().normalize();
        String text = "merge_method: linear\nmodels: [{model: '%s', parameters: {weight: 1}}]\n";
        return Models.recipe(folder, text.formatted(model));
    }

    /** Types of GGUF are those of the file, in the recipe and by option. */
    @ParameterizedTest
    @ValueSource(strings = {"", "q8_0", "q4_0"})
    void aFileOfItsOwnTypesHasItsPage(String type) throws IOException {
        recipe = ofLlama();
        Path file = folder.resolve("m.gguf");
        List<Object> words = new ArrayList<>(List.of("merge", recipe, file, "--html"));
        if (!type.isEmpty()) {
            words.addAll(List.of("--quantise", type));
        }
        Path page = folder.resolve("m.gguf.amalgam-report.html");
        String first = run(page, words.toArray());

        assertThat(run(page, "report", file)).isEqualTo(first);
    }

    @ParameterizedTest
    @ValueSource(strings = {"fp8_block", "nvfp4", "int4_asym_g32"})
    void aQuantisedMergeHasItsPage(String type) throws IOException {
        recipe = ofLlama();
        Path page = out.resolve("amalgam-report.html");
        String first = run(page, "merge", recipe, out, "--html", "--quantise", type);

        assertThat(run(page, "report", out)).isEqualTo(first);
    }

    @Test
    void aMergeWritesItsPage() throws IOException {
        String html = run(out.resolve("amalgam-report.html"), "merge", recipe, out, "--html");

        // a moved by 1, b by -2: the merge by 0.5 * 1 - 0.25 * 2 = 0.
        assertThat(html)
                .contains("Merged by &#39;task_arithmetic&#39;: 4 tensors of 3 models")
                .contains("<td class=\"long\">1 ")
                .contains("merge_method: task_arithmetic\n")
                .contains("-1.00000")
                .contains("Provenance");
        JsonNode charts = data(html);
        assertThat(charts.path("layers")).hasSize(2);
        assertThat(charts.at("/charts/0/series")).hasSize(3);
        assertThat(charts.at("/charts/0/series/0/values/0").asDouble()).isEqualTo(1);
        assertThat(charts.at("/charts/0/series/1/values/1").asDouble()).isEqualTo(2);
        assertThat(charts.at("/charts/0/series/2/values/0").asDouble()).isZero();
        assertThat(charts.at("/charts/3/series/0/values/0").asDouble()).isEqualTo(1);
    }

    /** Of random numbers: a tensor of 600 x 500 elements, and a vector. */
    private static Path large(Path model, int seed) throws IOException {
        java.util.Random random = new java.util.Random(seed);
        float[] matrix = new float[600 * 500];
        for (int i = 0; i < matrix.length; i++) {
            matrix[i] = (float) random.nextGaussian() * (1 + i / 300_000f);
        }
        float[] vector = new float[64];
        vector[5] = seed % 100;
        return Models.write(
                model,
                List.of(
                        NamedTensor.ofFloats(
                                "model.layers.0.up.weight", Shape.of(600, 500), matrix),
                        NamedTensor.ofFloats("model.layers.1.norm.weight", Shape.of(64), vector)),
                "{}");
    }

    private Path ofLarge() throws IOException {
        for (String name : List.of("base", "a", "b")) {
            large(folder.resolve(name), name.hashCode());
        }
        return recipe;
    }

    private JsonNode estimated(Path to, Object... more) throws IOException {
        List<Object> words = new ArrayList<>(List.of("merge", ofLarge(), to, "--json"));
        words.addAll(List.of(more));
        Cli result = Cli.run(words.toArray());
        assertThat(result.exit()).as(result.err()).isZero();
        JsonNode root = new ObjectMapper().readTree(result.out());
        assertThat(root.path("page").asText()).isEqualTo(to + "/amalgam-report.html");
        return root.path("page_estimated_from");
    }

    /** Largest changes, which a sample need not have, apart. */
    @Test
    void largeTensorsAreEstimatedFromASample() throws IOException {
        Path exact = folder.resolve("exact");
        assertThat(estimated(out, "--html").asDouble()).isEqualTo(1 / 16.0);
        assertThat(estimated(exact, "--html-exact").asDouble()).isEqualTo(1);
        String sampled = Files.readString(out.resolve("amalgam-report.html"));
        String whole = Files.readString(exact.resolve("amalgam-report.html"));

        assertThat(sampled)
                .contains("Estimated from 1/16 of the elements of tensors with more than 262,144")
                .contains(">largest of sample 3<");
        assertThat(whole).doesNotContain("Estimated from").contains(">largest 3<");
        JsonNode some = data(sampled).path("charts");
        JsonNode all = data(whole).path("charts");
        for (int chart = 0; chart < 4; chart++) {
            for (int series = 0; series < all.get(chart).path("series").size(); series++) {
                String at = "/" + chart + "/series/" + series + "/values/";
                double estimate = some.at(at + 0).asDouble();
                assertThat(estimate)
                        .as(at)
                        .isCloseTo(
                                all.at(at + 0).asDouble(),
                                within(0.05 * all.at(at + 0).asDouble()));
                // The vector is small, and measured whole.
                assertThat(some.at(at + 1)).isEqualTo(all.at(at + 1));
            }
        }
        assertThat(some.at("/0/series/0/values/0")).isNotEqualTo(all.at("/0/series/0/values/0"));
        assertThat(
                        run(
                                folder.resolve("page.html"),
                                "report",
                                exact,
                                "--recipe",
                                recipe,
                                "--html",
                                folder.resolve("page.html")))
                .isEqualTo(whole);
    }

    /** The same elements in blocks of any size, by any number of workers. */
    @Test
    void aSampleDependsOnTheModelsAlone() throws IOException {
        List<String> pages = new ArrayList<>();
        for (List<String> more :
                List.of(
                        List.of("--num-threads", "1"),
                        List.of("--num-threads", "2", "--memory", "8MB"),
                        List.of("--num-threads", "8", "--kernels", "scalar"))) {
            Path page = folder.resolve("out" + pages.size()).resolve("amalgam-report.html");
            List<Object> words =
                    new ArrayList<>(List.of("merge", ofLarge(), page.getParent(), "--html"));
            words.addAll(more);
            String html = run(page, words.toArray());
            // Beside the table: the time of the merge, its name, its threads.
            pages.add(
                    html.substring(
                            html.indexOf("<h2 id=\"pairs\""), html.indexOf("<h2 id=\"recipe\"")));
        }

        assertThat(pages).hasSize(3).containsOnly(pages.get(0));
        assertThat(pages.get(0)).contains("largest of sample");
    }

    /** By size, time and checksum: a copy with another time is the same model. */
    @Test
    void weightsThatChangedAreAWarning() throws IOException {
        run(out.resolve("amalgam-report.html"), "merge", recipe, out, "--html");
        Path weights = out.resolve("model.safetensors");
        FileTime later = FileTime.fromMillis(Files.getLastModifiedTime(weights).toMillis() + 5000);
        Files.setLastModifiedTime(weights, later);
        assertThat(Cli.run("report", out, "--recipe", recipe).err())
                .doesNotContain("changed since");

        byte[] bytes = Files.readAllBytes(weights);
        bytes[bytes.length - 1] = 9;
        Files.write(weights, bytes);
        Files.setLastModifiedTime(weights, later);
        Cli changed = Cli.run("report", out, "--recipe", recipe);

        String said = "'model.safetensors' changed since it was written";
        assertThat(changed.exit()).isZero();
        assertThat(changed.err()).contains("warning: in '" + out + "', " + said);
        assertThat(Files.readString(out.resolve("amalgam-report.html")))
                .contains(said.replace("'", "&#39;"));
    }

    @Test
    void numbersThatAreNoneAreAWarning() throws IOException {
        run(out.resolve("amalgam-report.html"), "merge", recipe, out, "--html");
        Path weights = out.resolve("model.safetensors");
        byte[] bytes = Files.readAllBytes(weights);
        // The last float32 becomes NaN; after it is a table of three bytes.
        bytes[bytes.length - 4] = 0x7f;
        bytes[bytes.length - 5] = (byte) 0xc0;
        Files.write(weights, bytes);
        Cli result = Cli.run("report", out, "--recipe", recipe);

        assertThat(result.exit()).as(result.err()).isZero();
        assertThat(result.err()).contains("warning: 1 element is NaN or infinite in '");
        assertThat(Files.readString(out.resolve("amalgam-report.html")))
                .contains("1 element is NaN or infinite");
    }

    @Test
    void aReportAfterwardsIsTheSamePage() throws IOException {
        String first = run(out.resolve("amalgam-report.html"), "merge", recipe, out, "--html");
        Path page = folder.resolve("page.html");

        assertThat(run(page, "report", out, "--recipe", recipe, "--html", page)).isEqualTo(first);
    }

    /** The plan is made again as it was, with what the command line said. */
    @Test
    void optionsOfTheMergeAreKept() throws IOException {
        Path model = folder.resolve("b").resolve("model.safetensors");
        SafetensorsWriter.write(
                model,
                List.of(NamedTensor.ofFloats("alone.weight", Shape.of(2), new float[] {1, 2})),
                Map.of());
        assertThat(
                        Cli.run(
                                        "merge",
                                        recipe,
                                        out,
                                        "--tensor-union",
                                        "--random-seed",
                                        7,
                                        "--out-shard-size",
                                        100)
                                .exit())
                .isZero();
        Cli report = Cli.run("report", out, "--recipe", recipe);

        assertThat(report.exit()).as(report.err()).isZero();
        assertThat(report.err()).isEmpty();
    }

    @Test
    void inputsThatChangedSinceAreSaid() throws IOException {
        run(
                out.resolve("README.md").resolveSibling("amalgam-report.html"),
                "merge",
                recipe,
                out,
                "--html");
        Models.tiny(folder.resolve("a"), 5);
        Files.setLastModifiedTime(
                folder.resolve("a/model.safetensors"),
                java.nio.file.attribute.FileTime.fromMillis(5_000_000));
        Cli result = Cli.run("report", out, "--recipe", recipe);

        assertThat(result.exit()).isZero();
        assertThat(result.err())
                .contains("warning: since the merge in '" + out + "', inputs changed");
        assertThat(Files.readString(out.resolve("amalgam-report.html"))).contains("inputs changed");
    }

    @Test
    void layersAreComparedWithWhereTheyCameFrom() throws IOException {
        Files.writeString(
                recipe,
                """
                merge_method: passthrough
                slices:
                  - sources: [{model: a, layer_range: [0, 2]}]
                  - sources: [{model: b, layer_range: [1, 2]}]
                """);
        String html = run(out.resolve("amalgam-report.html"), "merge", recipe, out, "--html");
        JsonNode charts = data(html);

        assertThat(charts.path("layers")).hasSize(3);
        for (JsonNode series : charts.at("/charts/0/series")) {
            series.path("values").forEach(value -> assertThat(value.asDouble()).isZero());
        }
    }

    @Test
    void diffWritesAPage() throws IOException {
        Path page = folder.resolve("diff.html");
        String html =
                run(
                        page,
                        "diff",
                        "--base",
                        folder.resolve("base"),
                        folder.resolve("a"),
                        folder.resolve("b"),
                        "--html",
                        page);

        assertThat(html)
                .contains("What the changes have in common")
                .contains("<td data-v=\"-1.0\">-1.00000</td>")
                .contains("Permission is hereby granted, free of charge")
                .doesNotContain("Recipe</h2>");
    }

    @Test
    void noTextOfAModelIsMarkup() throws IOException {
        for (String each : List.of("x", "y")) {
            Models.write(
                    folder.resolve(each),
                    List.of(
                            NamedTensor.ofFloats(
                                    "model.layers.0." + EVIL, Shape.of(1), each.charAt(0)),
                            NamedTensor.ofFloats(
                                    "model.layers.1." + EVIL, Shape.of(1), each.charAt(0)),
                            NamedTensor.ofFloats(each + EVIL, Shape.of(1), 1)),
                    new ObjectMapper().writeValueAsString(java.util.Map.of(EVIL, each + EVIL)));
            Files.writeString(folder.resolve(each).resolve("tokenizer.json"), each + EVIL);
        }
        Path page = folder.resolve("diff.html");
        String html = run(page, "diff", folder.resolve("x"), folder.resolve("y"), "--html", page);

        assertThat(html)
                .contains("&lt;/script&gt;&lt;img src=x onerror=alert(1)&gt;&quot;&#39;&amp;");
        recipe =
                Files.writeString(
                        recipe, Files.readString(recipe) + "# " + EVIL + "\n# <b>bold</b>\n");
        assertThat(run(out.resolve("amalgam-report.html"), "merge", recipe, out, "--html"))
                .contains("&lt;b&gt;bold&lt;/b&gt;");
    }

    @Test
    void aBatchHasATable() throws IOException {
        Files.writeString(recipe, Files.readString(recipe).replace("0.25", "${w}"));
        Path root = folder.resolve("batch");
        assertThat(Cli.run("batch", recipe, root, "--sweep", "w=0.1,0.2").exit()).isZero();
        String html = run(root.resolve("batch.html"), "report", root.resolve("batch.json"));

        assertThat(html)
                .contains("<td data-v=\"0.1\">0.1</td>")
                .contains("<th scope=\"col\">w</th>")
                .contains("<td>merged</td>");
    }

    @Test
    void aJudgedBatchHasTheBestFirst() throws IOException {
        Path batch = folder.resolve("judged.json");
        Files.writeString(
                batch,
                """
                {"amalgam_batch": 1, "judge": "text", "smaller_is_better": true, "merges": [
                  {"name": "middle", "state": "merged", "score": 2.5},
                  {"name": "none", "state": "failed"},
                  {"name": "good", "state": "merged", "score": 1.5},
                  {"name": "bad", "state": "merged", "score": 9.0}]}
                """);

        String html = run(folder.resolve("batch.html"), "report", batch);

        assertThat(html)
                .containsSubsequence(">good (best)<", ">middle<", ">bad<", ">none<", "</table>");
    }

    @Test
    void aModelOfSeventyBillionParametersFitsTwoMegabytes() {
        // 80 layers of 9 tensors, 4 models.
        List<io.amalgam.internal.compare.TensorChange> tensors = new java.util.ArrayList<>();
        List<String> kinds =
                List.of(
                        "self_attn.q_proj",
                        "self_attn.k_proj",
                        "self_attn.v_proj",
                        "self_attn.o_proj",
                        "mlp.gate_proj",
                        "mlp.up_proj",
                        "mlp.down_proj",
                        "input_layernorm",
                        "post_attention_layernorm");
        var stack = new io.amalgam.internal.layers.LayerStack("model.layers.", 80);
        for (int layer = 0; layer < 80; layer++) {
            for (String kind : kinds) {
                String name = "model.layers." + layer + "." + kind + ".weight";
                tensors.add(
                        new io.amalgam.internal.compare.TensorChange(
                                new io.amalgam.tensor.TensorInfo(
                                        name, io.amalgam.tensor.DType.BF16, Shape.of(8192, 8192)),
                                List.of(),
                                io.amalgam.internal.layers.TensorKind.of(name),
                                java.util.Optional.of(
                                        new io.amalgam.internal.layers.LayerName(
                                                stack, layer, kind + ".weight")),
                                io.amalgam.internal.compare.Measures.none(4)));
            }
        }
        var comparison =
                new io.amalgam.internal.compare.ModelComparison(
                        List.of("base", "a", "b", "c", "merge"),
                        tensors,
                        List.of(),
                        List.of(),
                        List.of(),
                        1);
        String html = ComparisonPage.of("70B", comparison, java.util.Optional.empty(), List.of());

        assertThat(html.length()).isLessThan(2_000_000);
        assertThat(html).contains("model.layers.79.mlp.down_proj.weight");
    }
}
