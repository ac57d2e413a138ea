package io.amalgam.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.amalgam.cli.console.Console;
import io.amalgam.cli.console.Terminal;
import io.amalgam.cli.options.Interruption;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Isolated;
import org.junit.jupiter.api.parallel.ResourceLock;
import org.junit.jupiter.api.parallel.Resources;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine;

@Isolated("standard error is that of the process")
class UsageTest {
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            textBlock =
                    """
                    ''                           | amalgam       | missing command
                    mrege a b                    | amalgam       | unknown command 'mrege'; did you mean 'merge'?
                    frobnicate                   | amalgam       | unknown command 'frobnicate'
                    --verison                    | amalgam       | unknown option '--verison'; did you mean '--version'?
                    merge                        | amalgam merge | missing RECIPE and OUT
                    merge a                      | amalgam merge | missing OUT
                    merge a b c                  | amalgam merge | one argument too many: 'c'
                    merge a b --ovrwrite         | amalgam merge | unknown option '--ovrwrite'; did you mean '--overwrite'?
                    merge a b --seed=4           | amalgam merge | unknown option '--seed'; did you mean '--random-seed'?
                    merge a b --xyzzy            | amalgam merge | unknown option '--xyzzy'
                    merge a b -j                 | amalgam merge | option '--num-threads': expected a whole number, got nothing
                    merge a b --keep-stages      | amalgam merge | option '--keep-stages': expected a path, got nothing
                    merge a b -j two             | amalgam merge | option '--num-threads': expected a whole number, got 'two'
                    merge a b -j 3000000000      | amalgam merge | option '--num-threads': expected a whole number from -2147483648 to 2147483647, got '3000000000'
                    merge a b -j 0               | amalgam merge | option '--num-threads': expected at least 1, got 0
                    merge a b --random-seed 1.5  | amalgam merge | option '--random-seed': expected a whole number, got '1.5'
                    merge a b --memory lots      | amalgam merge | option '--memory': expected a number of bytes such as 5000000, 512M or 1.5GB, got 'lots'
                    merge a b --memory 0         | amalgam merge | option '--memory': expected more than 0 bytes, got 0
                    merge a b --kernels gpu      | amalgam merge | option '--kernels': expected one of auto, simd, scalar, got 'gpu'
                    foo                          | amalgam       | unknown command 'foo'
                    batch                        | amalgam batch | missing RECIPE and OUTROOT
                    batch a                      | amalgam batch | missing OUTROOT
                    batch a b --sweep t          | amalgam batch | option '--sweep': expected name=value,value or name=first..last:step, got 't'
                    batch a b --sweep t=1 --sweep t=2 | amalgam batch | option '--sweep': 't' is given twice
                    search                       | amalgam search | missing RECIPE and OUT
                    search --auto a b            | amalgam search | missing OUT
                    search a b c                 | amalgam search | one argument too many: 'c'
                    search a b                   | amalgam search | one of '--score-cmd' and '--text' is needed: candidates must be judged
                    search a b --budget 0        | amalgam search | option '--budget': expected at least 1, got 0
                    search a b --method hill     | amalgam search | option '--method': expected cma-es, random or grid, got 'hill'
                    search a b --patience 0      | amalgam search | option '--patience': expected at least 1, got 0
                    search a b --jobs 0          | amalgam search | option '--jobs': expected at least 1, got 0
                    search a b --text t --jobs 2 | amalgam search | option '--jobs' is for '--score-cmd': texts are judged with all threads
                    search a b --text t --score-cmd c | amalgam search | options '--score-cmd' and '--text' exclude each other
                    search a b --text t --loss   | amalgam search | option '--loss' is for '--score-cmd'
                    search a b --text t --held-out-cmd c | amalgam search | option '--held-out-cmd' is for '--score-cmd': texts are split
                    search a b --text t --combine best | amalgam search | option '--combine': expected mean or worst, got 'best'
                    search a b --text t --text-weight t=x | amalgam search | option '--text-weight': expected NAME=W with W of 0 or more, got 't=x'
                    search a b --text t --text-weight u=1 | amalgam search | option '--text-weight': expected the name of a text (t), got 'u'
                    search a b --text t --text-weight t=0 | amalgam search | option '--text-weight': expected a weight above 0, got only 0
                    batch a b --keep-best 1      | amalgam batch | option '--keep-best' needs '--score-cmd' or '--text'
                    batch a b --keep-best 0 --text t | amalgam batch | option '--keep-best': expected at least 1, got 0
                    barrier a b                  | amalgam barrier | one of '--score-cmd' and '--text' is needed: averages must be scored
                    merge a b -j 1 -j 2          | amalgam merge | option '--num-threads' is given twice
                    merge a b --resume --overwrite | amalgam merge | options '--resume' and '--overwrite' exclude each other
                    plan a --tensor-union --tensor-intersection | amalgam plan | options '--tensor-union' and '--tensor-intersection' exclude each other
                    merge a b --no-safe-serialization | amalgam merge | '--no-safe-serialization' is not supported: the output is always safetensors
                    moe a b --no-copy-tokenizer | amalgam moe | '--no-copy-tokenizer' is not supported: tokenizer files are always copied; delete them from the output
                    moe a b --unsafe-truncate-embeddings | amalgam moe | '--unsafe-truncate-embeddings' is not supported: experts must have one vocabulary; merge them with another tokenizer first
                    stack                        | amalgam stack | missing MODEL:FIRST-LAST and OUT
                    stack a:0-1                  | amalgam stack | missing OUT
                    upscale                      | amalgam upscale | missing MODEL and OUT
                    upscale a b                  | amalgam upscale | missing --layers or --overlap
                    upscale a b --layers 4.5     | amalgam upscale | option '--layers': expected a whole number, got '4.5'
                    upscale a b --layers 4 --damp NaN | amalgam upscale | option '--damp': expected a finite number, got NaN
                    moe                          | amalgam moe   | missing CONFIG and OUT
                    moe a                        | amalgam moe   | missing OUT
                    moe a b --layout wide        | amalgam moe   | option '--layout': expected one of per-expert, fused, got 'wide'
                    moe upcyle a b               | amalgam moe   | unknown command 'upcyle'; did you mean 'upcycle'?
                    moe upcyle a                 | amalgam moe   | unknown command 'upcyle'; did you mean 'upcycle'?
                    moe a b c                    | amalgam moe   | one argument too many: 'c'
                    moe upcycle a b --experts 2 --top-k 3 | amalgam moe upcycle | option '--top-k': expected at most 2, the number of experts, got 3
                    moe upcycle a b --every 0    | amalgam moe upcycle | option '--every': expected at least 1, got 0
                    moe upcycle a b --architecture x | amalgam moe upcycle | option '--architecture': expected the beginning of one of Mixtral, DeepSeek MoE, Qwen MoE, Qwen3 MoE, got 'x'
                    moe upcycle                  | amalgam moe upcycle | missing MODEL and OUT
                    plan                         | amalgam plan  | missing RECIPE
                    inspect                      | amalgam inspect | missing PATH
                    diff                         | amalgam diff | missing MODEL
                    diff a                       | amalgam diff | models: expected two, or --base and others, got 1
                    diff a b c                   | amalgam diff | models: expected two, or --base and others, got 3 without --base
                    report                       | amalgam report | missing PATH
                    diff a b --top -1            | amalgam diff | option '--top': expected at least 0, got -1
                    methods ties linear          | amalgam methods | one argument too many: 'linear'
                    doctor who                   | amalgam doctor | one argument too many: 'who'
                    help mrege                   | amalgam            | unknown command 'mrege'; did you mean 'merge'?
                    completion fish              | amalgam completion | one argument too many: 'fish'
                    """)
    void saysWhatIsWrong(String line, String command, String message) {
        Object[] args = line.isEmpty() ? new Object[0] : line.split(" ");

        Cli result = Cli.run(args);

        assertThat(result.err())
                .isEqualTo("error: " + message + "\ntry '" + command + " --help'\n");
        assertThat(result.out()).isEmpty();
        assertThat(result.exit()).isEqualTo(2);
    }

    @Test
    void wrongUsageIsJsonToo() throws IOException {
        Cli result = Cli.run("merge", "a", "--json");

        assertThat(result.exit()).isEqualTo(2);
        assertThat(result.json().path("error").path("exit").asInt()).isEqualTo(2);
        assertThat(result.json().at("/error/problems/0/what").asText()).isEqualTo("missing OUT");
    }

    /** All but the hidden ones. */
    static List<String> commands() {
        Console console = new Console(System.out, System.err, Terminal.NONE);
        return Commands.of(console, new Interruption()).getSubcommands().entrySet().stream()
                .filter(command -> !command.getValue().getCommandSpec().usageMessage().hidden())
                .map(Map.Entry::getKey)
                .filter(name -> !name.equals("help"))
                .toList();
    }

    @Test
    void everyCommandIsInTheReadme() throws IOException {
        String readme = Files.readString(Path.of("..", "README.md"));
        assertThat(commands())
                .hasSizeGreaterThan(10)
                .allMatch(name -> readme.contains("`amalgam " + name));
    }

    @ParameterizedTest
    @MethodSource("commands")
    void everyCommandHasHelpWithExamples(String command) {
        Cli result = Cli.run(command, "--help");

        assertThat(result.exit()).isZero();
        assertThat(result.err()).isEmpty();
        assertThat(result.out())
                .startsWith("Usage: amalgam " + command)
                .contains("Examples:\n  ")
                .doesNotContain("\u001b");
        assertThat(Cli.run("help", command).out()).isEqualTo(result.out());
    }

    /** The parser complains of texts it cannot format to the process's own error stream. */
    @Test
    @ResourceLock(Resources.SYSTEM_ERR)
    void noHelpLeavesAnythingOnStandardError() {
        PrintStream before = System.err;
        ByteArrayOutputStream said = new ByteArrayOutputStream();
        List<String> seen = new ArrayList<>();
        System.setErr(new PrintStream(said, true));
        try {
            Console console = new Console(System.out, System.err, Terminal.NONE);
            CommandLine all = Commands.of(console, new Interruption());
            for (List<String> words : paths(all)) {
                List<String> help = new ArrayList<>(words);
                help.add("--help");
                Cli result = Cli.run(help.toArray());
                assertThat(result.exit()).as("%s", help).isZero();
                assertThat(result.err()).as("%s", help).isEmpty();
                assertThat(said.toString()).as("%s", help).isEmpty();
                seen.add(String.join(" ", words));
            }
        } finally {
            System.setErr(before);
        }
        assertThat(seen).contains("merge", "lora extract", "moe upcycle", "methods");
    }

    /** Every command and subcommand but those that are only for the program itself. */
    private static List<List<String>> paths(CommandLine command) {
        List<List<String>> paths = new ArrayList<>();
        command.getSubcommands()
                .forEach(
                        (name, sub) -> {
                            if (sub.getCommandSpec().usageMessage().hidden()) {
                                return;
                            }
                            paths.add(List.of(name));
                            for (List<String> below : paths(sub)) {
                                List<String> path = new ArrayList<>(List.of(name));
                                path.addAll(below);
                                paths.add(path);
                            }
                        });
        return paths;
    }

    @Test
    void helpListsCommandsAndExitCodes() {
        Cli result = Cli.run("--help");

        assertThat(result.exit()).isZero();
        for (String command : commands()) {
            assertThat(result.out()).containsPattern("(?m)^  " + command + " ");
        }
        assertThat(result.out()).contains("130   interrupted").doesNotContain("warm-up");
    }

    @Test
    void helpNamesEveryOption() {
        assertThat(Cli.run("merge", "--help").out())
                .contains(
                        "-j, --num-threads=N",
                        "--memory=SIZE",
                        "--resume",
                        "--overwrite",
                        "--dry-run")
                .contains("--kernels=KIND", "--random-seed=N", "--out-shard-size=SIZE", "--strict")
                .contains("--allow-nonfinite", "--tensor-union", "--tensor-intersection", "quiet")
                .contains("-v, --verbose", "--debug", "--json", "--no-report", "--[no-]cuda");
    }

    @ParameterizedTest
    @ValueSource(strings = {"--version", "-V"})
    void versionIsOneLine(String option) {
        Cli result = Cli.run(option);

        assertThat(result.exit()).isZero();
        assertThat(result.out())
                .matches("amalgam \\d+\\.\\d+\\.\\d+(-SNAPSHOT)? \\(Java [^)]+\\)\n");
    }

    @Test
    void completionIsAShellScriptThatKnowsTheCommands() {
        Cli result = Cli.run("completion");

        assertThat(result.exit()).isZero();
        assertThat(result.out())
                .startsWith("#!/usr/bin/env bash")
                .contains("complete -F")
                .contains("--out-shard-size", "--sweep", "batch", "inspect", "methods");
    }

    @Test
    void completionOffersWhatTheHelpNames() {
        assertThat(Cli.run("completion").out())
                .contains("\"auto\" \"simd\" \"scalar\"")
                .contains("\"linear\" \"slerp\"");
    }

    @Test
    void refusedOptionsAreNotListedAsAccepted() {
        assertThat(Cli.run("moe", "--help").out())
                .contains("--copy-tokenizer", "--safe-serialization")
                .doesNotContain("--[no-]copy-tokenizer", "--[no-]safe-serialization")
                .doesNotContain("--no-copy-tokenizer", "--unsafe-truncate-embeddings");
        assertThat(Cli.run("merge", "--help").out())
                .contains("--[no-]copy-tokenizer", "--[no-]unsafe-truncate-embeddings");
    }

    @ParameterizedTest
    @ValueSource(strings = {"--help", "--version", "methods", "methods --json", "completion"})
    void resultsThatCannotBePrintedAreAFailure(String line) {
        OutputStream full =
                new OutputStream() {
                    @Override
                    public void write(int b) throws IOException {
                        throw new IOException("No space left on device");
                    }
                };
        ByteArrayOutputStream err = new ByteArrayOutputStream();

        int exit = Main.run(line.split(" "), new PrintStream(full), new PrintStream(err, true));

        assertThat(exit).isEqualTo(1);
        assertThat(err.toString(StandardCharsets.UTF_8).strip())
                .isEqualTo(
                        "error: standard output could not take the results; its disk is full, or its reader has ended");
    }

    @Test
    void emptyWordsAreNoPaths() {
        assertThat(Cli.run("merge", "", "out").errors())
                .containsExactly("error: argument 'RECIPE': expected a path, got ''");
        assertThat(Cli.run("merge", "recipe.yml", "").exit()).isEqualTo(2);
    }
}
