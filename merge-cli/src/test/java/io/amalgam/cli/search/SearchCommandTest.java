package io.amalgam.cli.search;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.amalgam.cli.Cli;
import io.amalgam.cli.Models;
import io.amalgam.cli.Nearness;
import io.amalgam.internal.engine.JournalLock;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

class SearchCommandTest {
    private static final Path SAMPLES = Path.of("../samples").toAbsolutePath();
    private static final Path BYTES = SAMPLES.resolve("models/bytes");

    @TempDir Path folder;
    private Path recipe;
    private Path out;

    @BeforeEach
    void recipe() throws IOException {
        System.setProperty("DJL_CACHE_DIR", Path.of("target", "djl").toAbsolutePath().toString());
        Path named = Files.createDirectory(folder.resolve("with spaces"));
        recipe = named.resolve("the recipe.yml");
        out = named.resolve("out");
        Files.writeString(
                recipe,
                """
                merge_method: task_arithmetic
                base_model: '%1$s/base'
                models:
                  - {model: '%1$s/java', parameters: {weight: ${java}}}
                  - {model: '%1$s/prose', parameters: {weight: ${prose}}}
                dtype: float32
                search:
                  java: [0, 1]
                  prose: {range: [0.1, 1], log: true}
                """
                        .formatted(BYTES)
                        .replace("\n", "\r\n"));
    }

    private Cli search(Object... more) {
        List<Object> words =
                new ArrayList<>(
                        List.of("search", recipe, out, "--limit", 400, "--context", 50, "--text"));
        for (String name : List.of("java", "prose")) {
            words.add(name + "=" + SAMPLES.resolve("data/bytes/" + name + ".txt"));
        }
        words.addAll(List.of(more));
        return Cli.run(words.toArray());
    }

    private static List<String> journal(Path out) throws IOException {
        return Files.readAllLines(out.resolveSibling("out.search").resolve("journal.jsonl"));
    }

    private static List<JsonNode> candidates(Path out) throws IOException {
        JsonNode result =
                new ObjectMapper().readTree(out.resolveSibling("out.search/search.json").toFile());
        List<JsonNode> candidates = new ArrayList<>();
        result.path("candidates").forEach(node -> candidates.add(node.path("values")));
        return candidates;
    }

    @Test
    void findsMergesAndGoesOn() throws IOException {
        Cli first = search("--budget", 6, "--html", folder.resolve("page.html"));

        assertThat(first.err()).contains("[1/6] loss ").doesNotContain("error");
        assertThat(first.exit()).isZero();
        assertThat(first.out())
                .containsPattern("(?m)^ +candidate +loss +java +prose$")
                .containsPattern("(?m)^\\* +\\d +\\d\\.\\d{4} ")
                .containsPattern("(?m)^best +\\d\\.\\d{4} +\\d\\.\\d{4} ")
                .containsPattern("(?m)^plain average +\\d")
                .contains("6 candidates, ");
        assertThat(Files.readString(folder.resolve("page.html")))
                .contains("best loss so far", "\"label\":\"prose\"", "Best recipe");
        List<JsonNode> before = candidates(out);
        List<String> lines = journal(out);

        Cli more = search("--budget", 8, "--json");

        assertThat(more.exit()).isZero();
        assertThat(candidates(out)).hasSize(8).startsWith(before.toArray(JsonNode[]::new));
        assertThat(journal(out)).containsAll(lines);
        assertThat(lines.stream().filter(line -> line.contains("\"candidate\""))).hasSize(6);
        assertSame(more.json());
    }

    /** The merge has the loss that the search says; the recipe is one for everybody. */
    private void assertSame(JsonNode result) throws IOException {
        Path best = out.resolveSibling("out.search/best.yml");
        assertThat(Files.readString(best)).doesNotContain("search:").doesNotContain("${");
        Path text = SAMPLES.resolve("data/bytes/java.txt");
        double merged = loss(out, text);
        assertThat(loss(best, text)).isEqualTo(merged);
        double halves =
                (result.at("/best/figures/java").asDouble()
                                + result.at("/best_held_out/figures/java").asDouble())
                        / 2;
        assertThat(halves).isCloseTo(merged, within(1e-9));
        assertThat(result.at("/average/figure").asDouble())
                .isGreaterThan(result.at("/best/figure").asDouble());
    }

    private static double loss(Path model, Path text) throws IOException {
        return Cli.run("evaluate", model, "--text", text, "--limit", 400, "--context", 50, "--json")
                .json()
                .at("/texts/0/loss")
                .asDouble();
    }

    /** A journal that ends within a line, as after a power cut. */
    @Test
    void aStoppedSearchIsContinued() throws IOException {
        assertThat(search("--budget", 5).exit()).isZero();
        List<JsonNode> whole = candidates(out);
        List<String> lines = journal(out);
        Path file = out.resolveSibling("out.search/journal.jsonl");
        Files.writeString(
                file,
                String.join("\n", lines.subList(0, 4)) + "\n" + lines.get(4).substring(0, 20));

        Cli again = search("--budget", 5);

        assertThat(again.err()).contains("continues after 3 candidates").contains("[4/5]");
        assertThat(again.exit()).isZero();
        assertThat(candidates(out)).isEqualTo(whole);
    }

    @Test
    void anotherSearchIsRefused() throws IOException {
        assertThat(search("--budget", 2, "--method", "random").exit()).isZero();

        assertThat(search("--budget", 2, "--method", "random", "--seed", 1).errors().get(0))
                .contains("got one with another seed")
                .contains("--restart");
        assertThat(search("--budget", 2).errors().get(0)).contains("another method");
        assertThat(
                        search("--budget", 2, "--method", "random", "--combine", "worst")
                                .errors()
                                .get(0))
                .contains("another combination");
        String text = Files.readString(recipe);
        Files.writeString(recipe, text.replace("[0, 1]", "[0, 2]"));
        assertThat(search("--budget", 2, "--method", "random").errors().get(0))
                .contains("another ranges");
        assertThat(search("--budget", 4, "--method", "grid", "--restart").exit()).isZero();
        assertThat(candidates(out))
                .extracting(JsonNode::toString)
                .containsExactly(
                        "{\"java\":\"0\",\"prose\":\"0.1\"}",
                        "{\"java\":\"0\",\"prose\":\"1\"}",
                        "{\"java\":\"2\",\"prose\":\"0.1\"}",
                        "{\"java\":\"2\",\"prose\":\"1\"}");
    }

    @Test
    @DisabledOnOs(value = OS.WINDOWS, disabledReason = "there is no sh")
    void theBestRecipeIsMovedWithItsPaths() throws IOException {
        Path models = Files.createDirectories(folder.resolve("models"));
        Models.tiny(models.resolve("one"), 1);
        Models.tiny(models.resolve("one-b"), 2);
        Files.writeString(
                recipe,
                """
                merge_method: linear
                models: # ../models/one
                  - {model: ../models/one, parameters: {weight: ${w}}}
                  - {model: "../models/one-b", parameters: {weight: 1}}
                search: {w: {choices: [2]}}
                """);
        Path far = folder.resolve("far/away/out");

        Cli result = Cli.run("search", recipe, far, "--score-cmd", "sh -c 'echo 1'");

        assertThat(result.errors()).isEmpty();
        Path best = far.resolveSibling("out.search/best.yml");
        assertThat(Files.readString(best))
                .contains("model: ../../../models/one,", "\"../../../models/one-b\"");
        assertThat(Cli.run("merge", best, folder.resolve("again")).exit()).isZero();
    }

    @Test
    void commandsScoreCandidatesSideBySide() throws IOException {
        Models.tiny(folder.resolve("one"), 1);
        Files.writeString(
                recipe,
                """
                merge_method: passthrough
                models: [{model: %s, parameters: {scale: ${scale}}}]
                search: {scale: {integers: [2, 3]}}
                """
                        .formatted(folder.resolve("one")));

        Cli result =
                Cli.run(
                        "search",
                        recipe,
                        out,
                        "--score-cmd",
                        Nearness.command("3.2", "2"),
                        "--jobs",
                        2,
                        "--method",
                        "grid",
                        "--budget",
                        4,
                        "--held-out-cmd",
                        Nearness.command("3", "2"));

        assertThat(result.exit()).isZero();
        assertThat(result.out())
                .containsPattern("(?m)^\\* +2 +-0\\.2000 +3$")
                .containsPattern("(?m)^ +1 +failed +2$")
                .containsPattern("(?m)^best +-0\\.2000 +-?0\\.0000$")
                .contains("2 candidates, 1 failed");
        try (var left = Files.list(out.resolveSibling("out.search"))) {
            assertThat(left.map(file -> file.getFileName().toString()))
                    .containsExactlyInAnyOrder("journal.jsonl", "best.yml", "search.json");
        }
    }

    @Test
    void aSearchOfFailuresFails() throws IOException {
        Models.tiny(folder.resolve("one"), 1);
        Files.writeString(
                recipe,
                "merge_method: passthrough\nmodels: [{model: %s, parameters: {scale: ${s}}}]\nsearch: {s: {choices: [1]}}\n"
                        .formatted(folder.resolve("one")));

        Cli result = Cli.run("search", recipe, out, "--score-cmd", Nearness.command("1", "1"));

        assertThat(result.exit()).isEqualTo(1);
        assertThat(result.errors().get(0))
                .startsWith(
                        "error: no candidate could be judged, the first one because of: score command")
                .contains("got 'NaN'");
        assertThat(out).doesNotExist();

        Object[] again = {"--score-cmd", Nearness.command("1", "1"), "--restart", "--json"};
        Cli asJson = Cli.run("search", recipe, out, again[0], again[1], again[2], again[3]);

        assertThat(asJson.exit()).isEqualTo(1);
        JsonNode error = new ObjectMapper().readTree(asJson.out()).path("error");
        assertThat(error.path("exit").asInt()).isEqualTo(1);
        assertThat(error.path("problems").path(0).path("what").asText())
                .startsWith("no candidate could be judged");
    }

    /** The same judge in other commands. */
    @Test
    void textsJudgeBarriersAndSoups() throws IOException {
        Object[] text = {"--limit", 200, "--text", SAMPLES.resolve("data/bytes/java.txt")};
        List<Object> barrier =
                List.of("barrier", BYTES.resolve("java"), BYTES.resolve("sums"), "--points", 3);
        List<Object> words = new ArrayList<>(barrier);
        words.addAll(List.of(text));
        assertThat(Cli.run(words.toArray()).out())
                .containsPattern("(?m)^t +loss +worse by")
                .containsPattern("(?m)^barrier \\d\\.\\d{4} at t = ");
        List<Object> soup =
                new ArrayList<>(
                        List.of(
                                "soup",
                                BYTES.resolve("sums"),
                                BYTES.resolve("java"),
                                out,
                                "--greedy"));
        soup.addAll(List.of(text));
        assertThat(Cli.run(soup.toArray()).out())
                .containsPattern("(?m)^\\* +\\S+java +\\d\\.\\d{4} +kept$")
                .contains("with 1 of 2 models");
    }

    /** Another process: this one tells its own searches apart without the system's help. */
    @Test
    @DisabledOnOs(value = OS.WINDOWS, disabledReason = "there is no sh")
    void oneSearchAtATimeWritesToAJournal() throws Exception {
        assertThat(search("--budget", 1).exit()).isZero();
        Path held = out.resolveSibling("out.search/journal.jsonl");
        try (JournalLock lock = JournalLock.take(held).orElseThrow()) {
            assertThat(search("--budget", 2).errors().get(0))
                    .startsWith("error: another search writes to '" + held);
            assertThat(lock.channel().size()).isPositive();
        }
        Process other =
                new ProcessBuilder(
                                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                                "-XX:TieredStopAtLevel=1",
                                "-cp",
                                System.getProperty("java.class.path"),
                                Holder.class.getName(),
                                held.toString())
                        .redirectError(ProcessBuilder.Redirect.INHERIT)
                        .start();
        try {
            assertThat(other.getInputStream().read()).isEqualTo('h');
            assertThat(search("--budget", 3).errors().get(0))
                    .startsWith("error: another search writes to '" + held);
        } finally {
            other.getOutputStream().close();
            other.waitFor();
        }
    }

    /** Holds a journal until its input ends, as a search in another process does. */
    static final class Holder {
        private Holder() {}

        public static void main(String... args) throws IOException {
            try (JournalLock lock = JournalLock.take(Path.of(args[0])).orElseThrow()) {
                System.out.print(lock.channel().isOpen() ? "held" : "closed");
                System.out.flush();
                System.in.read();
            }
        }
    }
}
