package io.amalgam.internal.formats.pytorch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.amalgam.error.BadInputException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Pickles and archives that lie, as {@code tools/make_pickles.py} makes them. */
class PickleCorpusTest {
    @TempDir Path folder;

    static Path resources(String name) {
        try {
            return Path.of(PickleCorpusTest.class.getResource("/" + name).toURI());
        } catch (URISyntaxException e) {
            throw new IllegalArgumentException(e);
        }
    }

    private static List<Path> files() {
        try (Stream<Path> files = Files.list(resources("pickles"))) {
            return files.filter(f -> f.toString().endsWith(".pt")).sorted().toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Test
    void messagesAreAsWrittenDown() throws IOException {
        Map<String, String> expected =
                Files.readAllLines(resources("pickles").resolve("messages.txt")).stream()
                        .map(line -> line.split("\t", 2))
                        .collect(Collectors.toMap(line -> line[0], line -> line[1]));
        Map<String, String> messages = new TreeMap<>();
        for (Path file : files()) {
            messages.put(file.getFileName().toString(), message(file));
        }

        assertThat(messages).containsExactlyInAnyOrderEntriesOf(expected);
        assertThat(messages).hasSizeGreaterThan(50);
    }

    private String message(Path file) throws IOException {
        Path model = folder.resolve("model.pt");
        Files.write(model, Files.readAllBytes(file));
        try {
            PyTorchFile.open(model, "m").close();
            return "accepted";
        } catch (BadInputException e) {
            assertThat(e.problems()).hasSize(1);
            assertThat(e).hasMessageContaining("'" + model + "'");
            return e.getMessage().replace(folder + "/", "");
        }
    }

    @Test
    void valuesAreCounted() {
        byte[] marks = new byte[3_000_000];
        Arrays.fill(marks, (byte) '(');
        assertThatThrownBy(() -> Unpickler.read(marks))
                .isInstanceOf(BadInputException.class)
                .hasMessageContaining("it makes more than 2000000 values");
        byte[] kept = new byte[3_000_000];
        Arrays.fill(kept, (byte) 0x94);
        kept[0] = 'N';
        assertThatThrownBy(() -> Unpickler.read(kept))
                .isInstanceOf(BadInputException.class)
                .hasMessageContaining("it keeps more than 2000000 values");
    }

    /** A shape that is kept once and used by every tensor would be copied for each. */
    @Test
    void dimensionsAreCounted() {
        assertThat(Unpickler.read(tensorOf(64))).isInstanceOf(Pickle.View.class);
        assertThatThrownBy(() -> Unpickler.read(tensorOf(65)))
                .isInstanceOf(BadInputException.class)
                .hasMessageContaining("a tensor has more than 64 dimensions");
    }

    private static byte[] tensorOf(int dimensions) {
        String text =
                "ctorch._utils\n_rebuild_tensor_v2\n(("
                        + "X\7\0\0\0storagectorch\nFloatStorage\nX\1\0\0\0000X\3\0\0\0cpuK\1tQK\0("
                        + "K\1".repeat(dimensions)
                        + "tq\0h\0\u0089NtR.";
        return text.getBytes(StandardCharsets.ISO_8859_1);
    }

    @Test
    void namesHaveAnEnd() {
        byte[] name = new byte[1 << 20];
        Arrays.fill(name, (byte) 'x');
        name[0] = 'c';
        assertThatThrownBy(() -> Unpickler.read(name))
                .isInstanceOf(BadInputException.class)
                .hasMessageContaining("a name is longer than");
    }

    @Test
    void whatIsReadIsData() {
        byte[] pickle =
                "(K\u0001N\u0088\u0089X\u0001\0\0\0at.".getBytes(StandardCharsets.ISO_8859_1);
        assertThat(Unpickler.read(pickle))
                .isEqualTo(new Pickle.Tuple(List.of(1L, Pickle.None.NONE, true, false, "a")));
    }
}
