package io.amalgam.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.amalgam.cli.console.Console;
import io.amalgam.cli.console.Terminal;
import io.amalgam.cli.options.Interruption;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Runs commands in this process and keeps what they print. */
public record Cli(int exit, String out, String err) {
    public static Cli run(Object... args) {
        return run(Terminal.NONE, args);
    }

    public static Cli run(Terminal terminal, Object... args) {
        return run(terminal, Optional.empty(), args);
    }

    /** With variables that say where models come from. */
    static Cli in(Map<String, String> environment, Object... args) {
        return run(Terminal.NONE, Optional.of(environment), args);
    }

    private static Cli run(
            Terminal terminal, Optional<Map<String, String>> environment, Object... args) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        ByteArrayOutputStream err = new ByteArrayOutputStream();
        String[] words = new String[args.length];
        for (int i = 0; i < args.length; i++) {
            words[i] = args[i].toString();
        }
        Console console =
                new Console(
                        new PrintStream(out, true),
                        new PrintStream(err, true),
                        terminal,
                        environment);
        int exit = Main.run(words, console, new Interruption());
        return new Cli(exit, text(out), text(err));
    }

    private static String text(ByteArrayOutputStream bytes) {
        return bytes.toString(StandardCharsets.UTF_8).replace("\r\n", "\n");
    }

    /** Standard output, which must be one JSON document and nothing else. */
    public JsonNode json() throws IOException {
        return new ObjectMapper()
                .reader()
                .with(com.fasterxml.jackson.databind.DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
                .readTree(out);
    }

    public List<String> errors() {
        return err.lines().filter(line -> line.startsWith("error: ")).toList();
    }
}
