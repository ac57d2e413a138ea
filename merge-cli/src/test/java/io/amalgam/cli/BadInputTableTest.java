package io.amalgam.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;

/** Bad inputs with the exact messages and the exit code each gets, and the page that lists them. */
class BadInputTableTest {
    private static final Path PAGE = Path.of("..", "docs", "errors.md");

    @TempDir Path folder;

    /** What a command answered; the test's folder is {@code .} in its messages. */
    record Answer(int exit, String out, List<String> messages) {}

    @TestFactory
    Stream<DynamicTest> refused() throws IOException {
        List<BadInput> all = BadInput.all();
        BadInput start = all.get(0);
        return all.stream()
                .skip(1)
                .map(bad -> DynamicTest.dynamicTest(bad.id(), () -> assertRefused(start, bad)));
    }

    private void assertRefused(BadInput start, BadInput bad) throws Exception {
        Path here = Files.createDirectory(folder.resolve(bad.id()));
        start.makeFiles(here);
        bad.makeFiles(here);
        Map<String, String> before = contents(here);

        Answer answer = bad.ownProcess() ? runAlone(here, bad) : run(here, bad);

        assertThat(answer.messages()).containsExactlyElementsOf(bad.messages());
        assertThat(answer.exit()).isEqualTo(bad.exit()).isNotZero();
        assertThat(answer.out()).isEmpty();
        assertThat(contents(here)).as("files afterwards").isEqualTo(before);
    }

    private static Answer run(Path here, BadInput bad) {
        Object[] words =
                bad.words().stream()
                        .map(word -> word.startsWith("./") ? here + word.substring(1) : word)
                        .toArray();
        Map<String, String> variables = bad.environment();
        variables.replaceAll((name, value) -> value.replaceFirst("^\\.(?=/)", here.toString()));
        Cli result = variables.isEmpty() ? Cli.run(words) : Cli.in(variables, words);
        return answer(here, result.exit(), result.out(), result.err());
    }

    private static Answer runAlone(Path here, BadInput bad) throws Exception {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.add("-cp");
        command.add(System.getProperty("java.class.path"));
        command.add("io.amalgam.cli.Main");
        command.addAll(bad.command());
        Path log = here.resolveSibling(bad.id() + ".log");
        Process process =
                new ProcessBuilder(command)
                        .directory(here.toFile())
                        .redirectError(log.toFile())
                        .start();
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        process.getInputStream().transferTo(out);
        int exit = process.waitFor();
        return answer(here, exit, out.toString(StandardCharsets.UTF_8), Files.readString(log));
    }

    private static Answer answer(Path here, int exit, String out, String err) {
        assertThat(err).doesNotContain("\tat ");
        List<String> messages =
                err.lines()
                        .filter(line -> line.startsWith("error: ") || line.startsWith("warning: "))
                        .map(line -> line.replace(here.toString(), "."))
                        .toList();
        return new Answer(exit, out, messages);
    }

    /** Every file with its bytes: a refusal leaves all as it was. */
    private static Map<String, String> contents(Path here) throws IOException {
        Map<String, String> contents = new TreeMap<>();
        try (Stream<Path> files = Files.walk(here)) {
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                contents.put(
                        here.relativize(file).toString(),
                        HexFormat.of().formatHex(Files.readAllBytes(file)));
            }
        }
        return contents;
    }

    @Test
    void tableIsWhole() throws IOException {
        List<BadInput> all = BadInput.all();

        assertThat(all).hasSizeGreaterThan(90);
        assertThat(all.stream().map(BadInput::id)).doesNotHaveDuplicates();
        assertThat(all.stream().map(BadInput::given)).doesNotHaveDuplicates();
    }

    @Test
    void pageListsWhatTheTestsShow() throws IOException {
        List<String> expected = new ArrayList<>();
        String group = "";
        for (BadInput bad : BadInput.all().subList(1, BadInput.all().size())) {
            if (!bad.group().equals(group)) {
                group = bad.group();
                expected.add("## " + group);
                expected.add("| given | exit | messages |");
                expected.add("|---|---|---|");
            }
            expected.add(row(bad));
        }
        String page = Files.readString(PAGE);
        String tables = page.substring(page.indexOf("\n" + expected.get(0)));

        assertThat(tables.lines().filter(line -> !line.isBlank()))
                .containsExactlyElementsOf(expected);
    }

    private static String row(BadInput bad) {
        String messages =
                bad.messages().stream()
                        .map(line -> "`" + line.replace("|", "\\|") + "`")
                        .collect(Collectors.joining("<br>"));
        return "| " + bad.given() + " | " + bad.exit() + " | " + messages + " |";
    }
}
