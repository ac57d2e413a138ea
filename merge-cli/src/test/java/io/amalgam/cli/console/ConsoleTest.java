package io.amalgam.cli.console;

import static org.assertj.core.api.Assertions.assertThat;

import io.amalgam.error.Problem;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Isolated;

@Isolated("a property of the process")
class ConsoleTest {
    private final ByteArrayOutputStream err = new ByteArrayOutputStream();

    @Test
    void readersThatHaveEndedAreNoFailure() {
        assertThat(outputLost("Broken pipe")).isFalse();
        assertThat(outputLost("The pipe is being closed")).isFalse();
        assertThat(outputLost("No space left on device")).isTrue();
    }

    private static boolean outputLost(String reason) {
        OutputStream refusing =
                new OutputStream() {
                    @Override
                    public void write(int b) throws IOException {
                        throw new IOException(reason);
                    }
                };
        ResultStream results = new ResultStream(refusing, StandardCharsets.UTF_8);
        Console console = new Console(results, System.err, Terminal.NONE);
        console.print("a result");
        return console.outputLost();
    }

    @Test
    void tablesFitTheTerminal() {
        Columns columns =
                new Columns()
                        .row("method", "what it does")
                        .row("linear", "a sum of models, each with a weight of its own")
                        .row("x", "short");

        assertThat(columns.lines()).hasSize(3);
        assertThat(columns.lines(30))
                .containsExactly(
                        "method  what it does",
                        "linear  a sum of models, each",
                        "        with a weight of its",
                        "        own",
                        "x       short");
    }

    @Test
    void twentyProblemsAreShown() {
        errors(Terminal.NONE, problems(23));

        assertThat(lines()).hasSize(21).endsWith("error: problem 19", "error: ... and 3 more");
    }

    @Test
    void twentyProblemsNeedNoEllipsis() {
        errors(Terminal.NONE, problems(20));

        assertThat(lines()).hasSize(20).endsWith("error: problem 19");
    }

    @Test
    void namesCannotControlTheTerminal() {
        errors(Terminal.NONE, List.of(Problem.of("tensor 'a\nb\u001b[2J'")));

        assertThat(lines()).containsExactly("error: tensor 'a\\nb\\u001b[2J'");
    }

    @Test
    void namesCannotTurnTheReadingDirection() {
        errors(Terminal.NONE, List.of(Problem.of("tensor '" + (char) 0x202e + "thgiew'")));

        assertThat(lines()).containsExactly("error: tensor '\\u202ethgiew'");
    }

    @Test
    void colourOnTerminalsOnly() {
        errors(new Terminal(true, true, 80, true), problems(1));

        assertThat(lines()).containsExactly("\u001b[1;31merror:\u001b[0m problem 0");
    }

    @Test
    void noColourWhereTheEnvironmentSaysSo() {
        System.setProperty("amalgam.terminal", "true");
        try {
            assertThat(Terminal.detect(Map.of()).colour()).isTrue();
            assertThat(Terminal.detect(Map.of("NO_COLOR", "")).colour()).isTrue();
            assertThat(Terminal.detect(Map.of("NO_COLOR", "1")).colour()).isFalse();
            assertThat(Terminal.detect(Map.of("NO_COLOR", "1")).messages()).isTrue();
            assertThat(Terminal.detect(Map.of("TERM", "dumb")).messages()).isFalse();
        } finally {
            System.clearProperty("amalgam.terminal");
        }
        assertThat(Terminal.detect(Map.of()).messages()).isFalse();
        assertThat(Terminal.detect(Map.of()).fitted()).isFalse();
        assertThat(Terminal.detect(Map.of("COLUMNS", "132")))
                .isEqualTo(new Terminal(false, false, 132, true, false));
        assertThat(Terminal.detect(Map.of("COLUMNS", "wide")).fitted()).isFalse();
    }

    private void errors(Terminal terminal, List<Problem> problems) {
        PrintStream stream = new PrintStream(err, true, StandardCharsets.UTF_8);
        new Console(stream, stream, terminal).errors(problems);
    }

    private List<String> lines() {
        return err.toString(StandardCharsets.UTF_8).lines().toList();
    }

    private static List<Problem> problems(int count) {
        return IntStream.range(0, count).mapToObj(i -> Problem.of("problem " + i)).toList();
    }
}
