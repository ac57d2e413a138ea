package io.amalgam.cli.merge;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.amalgam.ModelLoader;
import io.amalgam.checkpoint.Checkpoint;
import io.amalgam.cli.Cli;
import io.amalgam.cli.Models;
import io.amalgam.cli.Nearness;
import io.amalgam.internal.kernel.ScalarKernels;
import io.amalgam.internal.runs.ScoreCommand;
import io.amalgam.kernel.Workspace;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Averages of models named on the command line. */
class SoupCommandTest {
    @TempDir Path folder;
    private Path out;

    @BeforeEach
    void models() throws IOException {
        Models.tiny(folder.resolve("one"), 1);
        Models.tiny(folder.resolve("two"), 2);
        Models.tiny(folder.resolve("nine"), 9);
        out = folder.resolve("out");
    }

    private Path model(String name) {
        return folder.resolve(name);
    }

    private static float value(Path model) throws IOException {
        try (Checkpoint checkpoint = ModelLoader.load().open(model, "m")) {
            float[] value = new float[1];
            Objects.requireNonNull(checkpoint.tensors().get("model.embed_tokens.weight"))
                    .read(0, 1, value, 0, new Workspace(ScalarKernels.INSTANCE, 16));
            return value[0];
        }
    }

    @Test
    void averagesAll() throws IOException {
        Cli result = Cli.run("soup", model("one"), model("two"), model("nine"), out);
        assertThat(result.exit()).isZero();
        assertThat(result.out()).startsWith("merged to " + out);
        assertThat(value(out)).isEqualTo(4);
        assertThat(out.resolve("amalgam-recipe.yml"))
                .content()
                .contains("merge_method: soup")
                .contains(model("one").toString().replace("\\", "\\\\"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"soup", "average --last 2"})
    void whatWasInterruptedIsContinued(String command) throws IOException {
        List<Object> words = new ArrayList<>(List.of(command.split(" ")));
        words.addAll(List.of(model("one"), model("two")));
        List<Object> aside = new ArrayList<>(words);
        aside.addAll(List.of(folder.resolve("aside"), "--json"));
        String hash = Cli.run(aside.toArray()).json().path("plan_hash").asText();
        words.add(out);
        journal(hash, model("one"), model("two"));

        assertThat(Cli.run(words.toArray()).errors())
                .singleElement()
                .asString()
                .endsWith("; continue it with --resume, or start again with --overwrite");
        words.add("--resume");
        Cli resumed = Cli.run(words.toArray());
        assertThat(resumed.errors()).isEmpty();
        assertThat(resumed.exit()).isZero();
        assertThat(value(out)).isEqualTo(1.5f);
        words.add("--overwrite");
        assertThat(Cli.run(words.toArray()).exit()).isEqualTo(2);
    }

    /** What a merge leaves that was killed before its first tensor was whole. */
    private void journal(String hash, Path... models) throws IOException {
        StringBuilder text = new StringBuilder("amalgam-journal 2\nplan " + hash + "\n");
        for (Path model : models) {
            Path file = model.resolve("model.safetensors");
            text.append("input ").append(Files.size(file)).append(' ');
            text.append(Files.getLastModifiedTime(file).toMillis()).append(' ');
            text.append(file.toAbsolutePath().normalize()).append('\n');
        }
        Files.createDirectories(out.resolve(".amalgam-partial"));
        Files.writeString(out.resolve(".amalgam-partial/journal"), text + "begin\n");
    }

    /** 1.5 is wanted: 2 comes first, 1 brings it there, 9 would take it away. */
    @Test
    void greedilyKeepsWhatHelps() throws IOException {
        Cli result =
                Cli.run(
                        "soup",
                        model("nine"),
                        model("one"),
                        model("two"),
                        out,
                        "--greedy",
                        "--score-cmd",
                        Nearness.command("1.5"));
        assertThat(result.err())
                .contains("score -7.5  alone: " + model("nine"))
                .contains("score 0.0  with " + model("two"))
                .contains("left out: " + model("nine"));
        assertThat(result.out())
                .containsPattern("(?m)^ +model +alone +average$")
                .containsPattern("(?m)^\\* +\\S+one +-0\\.5000 +kept$")
                .containsPattern("(?m)^\\* +\\S+two +-0\\.5000 +0\\.0000 +kept$")
                .containsPattern("(?m)^ +\\S+nine +-7\\.5000 +-2\\.5000 +left out$")
                .contains("score 0.0000 with 2 of 3 models");
        assertThat(result.exit()).isZero();
        assertThat(value(out)).isEqualTo(1.5f);
        try (var entries = Files.list(folder)) {
            assertThat(entries.map(p -> p.getFileName().toString()))
                    .containsExactlyInAnyOrder("one", "two", "nine", "out");
        }
    }

    @Test
    void scoresOfAFileAreNotMeasuredAgain() throws IOException {
        Path scores = folder.resolve("scores.json");
        Files.writeString(scores, "{\"nine\": 3, \"one\": 1, \"" + "two\": 2}");
        Cli result =
                Cli.run(
                        "soup",
                        model("one"),
                        model("two"),
                        model("nine"),
                        out,
                        "--greedy",
                        "--scores",
                        scores,
                        "--score-cmd",
                        Nearness.command("9"),
                        "--json");
        assertThat(result.err()).contains("score 3.0  alone: " + model("nine"));
        assertThat(value(out)).isEqualTo(9);
        assertThat(result.json().path("models"))
                .extracting(JsonNode::asText)
                .containsExactly(model("nine").toString());
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "no-such-program {} | score command 'no-such-program': expected a program, got none that can be started; give its path; a shell's words need sh -c '...'",
                "sh -c 'echo tired; exit 3' | score command 'sh' for '%s': expected exit code 0, got 3 after 'tired'",
                "sh -c 'echo good' | score command 'sh' for '%s': expected a number on its last line, got 'good'",
                "sh -c 'echo NaN' | score command 'sh' for '%s': expected a number on its last line, got 'NaN'",
                "true | score command 'true' for '%s': expected a number on its last line, got nothing",
            })
    void scoreCommandsThatFail(String command, String message) {
        Cli result =
                Cli.run(
                        "soup",
                        model("one"),
                        model("two"),
                        out,
                        "--greedy",
                        "--score-cmd",
                        command);
        assertThat(result.exit()).isEqualTo(3);
        assertThat(result.errors())
                .containsExactly("error: " + message.replace("%s", model("one").toString()));
        assertThat(out).doesNotExist();
    }

    @Test
    void aScoreThatTakesTooLong() {
        Cli result =
                Cli.run(
                        "soup",
                        model("one"),
                        out,
                        "--greedy",
                        "--score-cmd",
                        "sh -c 'sleep 600'",
                        "--score-timeout",
                        "1");
        assertThat(result.errors())
                .containsExactly(
                        "error: score command 'sh' for '"
                                + model("one")
                                + "': expected an answer within 1 s, got none");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "python a.py | python,a.py,{}",
                "python 'my file.py'  {} --x | python,my file.py,{},--x",
                "python --data=\"my file\" --of={} | python,--data=my file,--of={}",
                "sh -c 'echo \"1\"' '' | sh,-c,echo \"1\",,{}",
                "C:\\java\\java.exe -jar 'it''s'.jar | C:\\java\\java.exe,-jar,its.jar,{}"
            })
    void wordsOfAScoreCommand(String line, String words) {
        assertThat(ScoreCommand.parse(line, 1).words()).containsExactly(words.split(",", -1));
    }

    @Test
    void aQuoteThatIsNotClosedIsWrongUsage() {
        Cli result = Cli.run("soup", model("one"), out, "--greedy", "--score-cmd", "sh -c 'echo 1");
        assertThat(result.exit()).isEqualTo(2);
        assertThat(result.errors())
                .containsExactly(
                        "error: option '--score-cmd': expected ' at the end of what it opens, got none");
    }

    /** A soup of one model whose score is in a file. */
    private Cli scored(Path scores) {
        return Cli.run(
                "soup", model("one"), out, "--greedy", "--scores", scores, "--score-cmd", "true");
    }

    @Test
    void aScoreThatNoModelHasIsSaid() throws IOException {
        Path scores = folder.resolve("scores.json");
        Files.writeString(scores, "{\"one\": 1, \"tow\": 2}");
        Cli result = scored(scores);
        assertThat(result.exit()).isZero();
        assertThat(result.err())
                .contains(
                        "warning: no model is named 'tow', which '" + scores + "' has a score of");
        assertThat(result.err()).doesNotContain("no model is named 'one'");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "--greedy | option '--greedy' needs '--score-cmd' or '--text': averages must be scored",
                "--score-cmd true | options '--score-cmd', '--text' and '--scores' are for '--greedy'",
                "--greedy --score-cmd true --score-timeout 0 | option '--score-timeout': expected at least 1, got 0"
            })
    void wrongUsage(String options, String message) {
        List<Object> words = new java.util.ArrayList<>(List.of("soup", model("one"), out));
        words.addAll(List.of(options.split(" ")));
        Cli result = Cli.run(words.toArray());
        assertThat(result.exit()).isEqualTo(2);
        assertThat(result.errors()).containsExactly("error: " + message);
    }

    @Test
    void scoresThatAreNone() throws IOException {
        Path scores = folder.resolve("scores.json");
        Files.writeString(scores, "{\"one\": \"high\"}");
        Cli result = scored(scores);
        assertThat(result.errors())
                .containsExactly(
                        "error: score of 'one' in '"
                                + scores
                                + "': expected a number, got \"high\"");
        Files.writeString(scores, "one: 1");
        result = scored(scores);
        assertThat(result.errors())
                .containsExactly(
                        "error: scores '"
                                + scores
                                + "': expected a JSON object of models and numbers, got other text");
    }

    @Test
    void modelsThatDoNotFitAreFoundBeforeScoring() throws IOException {
        Models.write(
                folder.resolve("other"),
                List.of(Models.filled("other", 1, 2)),
                "{\"architectures\": [\"TinyModel\"]}");
        Cli result =
                Cli.run(
                        "soup",
                        model("one"),
                        model("other"),
                        out,
                        "--greedy",
                        "--score-cmd",
                        "no-such-program");
        assertThat(result.exit()).isEqualTo(3);
        assertThat(result.err()).contains("is missing in").doesNotContain("no-such-program");
    }

    @Test
    void averagesTheLastOfAFolderInTheOrderOfTheirNumbers() throws IOException {
        for (int step : new int[] {500, 1000, 1500}) {
            Models.tiny(folder.resolve("run/checkpoint-" + step), step);
        }
        Files.createDirectories(folder.resolve("run/logs"));
        Cli result = Cli.run("average", folder.resolve("run"), out, "--last", "2");
        assertThat(result.exit()).isZero();
        assertThat(value(out)).isEqualTo(1250);
        assertThat(result.err().lines().toList())
                .startsWith(
                        "averages " + folder.resolve("run/checkpoint-1000"),
                        "averages " + folder.resolve("run/checkpoint-1500"))
                .noneMatch(line -> line.contains("checkpoint-500"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"--last 2", "--ema 0.5"})
    void averagesOfEarlierRunsAreNoPartOfTheSeries(String kind) throws IOException {
        Path run = folder.resolve("run");
        Models.tiny(run.resolve("checkpoint-1"), 1);
        Models.tiny(run.resolve("checkpoint-2"), 2);
        Path earlier = run.resolve("zz-averaged");
        List<Object> words = new ArrayList<>(List.of("average", run, earlier));
        words.addAll(List.of(kind.split(" ")));
        assertThat(Cli.run(words.toArray()).exit()).isZero();

        words.set(2, out);
        Cli again = Cli.run(words.toArray());
        assertThat(again.exit()).isZero();
        assertThat(value(out)).isEqualTo(1.5f);
        assertThat(again.err().lines().toList())
                .startsWith(
                        "leaves out "
                                + earlier
                                + ": an average of an earlier run; name it itself to average it too",
                        "averages " + run.resolve("checkpoint-1"));

        // Written anew where it was, and taken where it is meant.
        words.set(2, earlier);
        words.add("--overwrite");
        assertThat(Cli.run(words.toArray()).errors()).isEmpty();
        words.set(2, earlier);
        words.add(3, out);
        assertThat(Cli.run(words.toArray()).err()).contains("averages " + earlier);
    }

    @Test
    void averagesAlone() throws IOException {
        Path run = folder.resolve("run");
        Cli.run("average", model("one"), run.resolve("a"), "--last", "1");
        Cli result = Cli.run("average", run, out, "--last", "2");
        assertThat(result.errors())
                .containsExactly(
                        "error: '"
                                + run
                                + "': expected checkpoints, got only averages of an earlier run; name models, a folder that holds their folders, or a pattern in quotes");
    }

    @Test
    void aMergeOfOursThatIsNoAverageIsACheckpoint() throws IOException {
        Path run = folder.resolve("run");
        Models.tiny(run.resolve("1"), 1);
        Cli.run("soup", model("two"), run.resolve("2"));
        Files.writeString(run.resolve("1/amalgam-report.json"), "{\"amalgam_report\": [1");
        assertThat(Cli.run("average", run, out, "--last", "2").exit()).isZero();
        assertThat(value(out)).isEqualTo(1.5f);
    }

    @Test
    void movingAverageOfAPattern() throws IOException {
        for (int step : new int[] {8, 16, 100}) {
            Models.tiny(folder.resolve("run/checkpoint-" + step), step);
        }
        Models.tiny(folder.resolve("run/best"), 5);
        Cli result =
                Cli.run(
                        "average",
                        folder.resolve("run/checkpoint-*"),
                        out,
                        "--ema",
                        "0.5",
                        "--quiet");
        assertThat(result.err()).isEmpty();
        assertThat(value(out)).isEqualTo(56);
    }

    @Test
    void modelsAreAveragedInTheOrderGiven() throws IOException {
        Cli.run("average", model("nine"), model("one"), out, "--ema", "0.75");
        assertThat(value(out)).isEqualTo(7);
    }

    @Test
    void seriesWithoutCheckpoints() throws IOException {
        Files.createDirectories(folder.resolve("empty"));
        Cli result = Cli.run("average", folder.resolve("empty"), out, "--last", "2");
        assertThat(result.exit()).isEqualTo(3);
        assertThat(result.errors())
                .containsExactly(
                        "error: '"
                                + folder.resolve("empty")
                                + "': expected checkpoints, got none; name models, a folder that holds their folders, or a pattern in quotes");
    }
}
