import io.amalgam.formats.safetensors.SafetensorsException;
import io.amalgam.formats.safetensors.SafetensorsHeader;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.channels.Channels;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.TreeMap;

/** Prints for each line of a list of files what this project's reader finds in it: see compare_readers.py. */
final class AskReader {
    private AskReader() {}

    public static void main(String[] args) throws IOException {
        StringBuilder out = new StringBuilder();
        for (String name : Files.readAllLines(Path.of(args[0]))) {
            byte[] bytes = Files.readAllBytes(Path.of(name));
            try {
                SafetensorsHeader header =
                        SafetensorsHeader.read(
                                name,
                                Channels.newChannel(new ByteArrayInputStream(bytes)),
                                bytes.length);
                out.append("ok");
                new TreeMap<>(header.tensors())
                        .forEach(
                                (tensor, entry) ->
                                        out.append(' ')
                                                .append(entry.info().dtype())
                                                .append(entry.info().shape())
                                                .append(entry.begin())
                                                .append('-')
                                                .append(entry.end()));
                out.append(" metadata ").append(header.metadata().size()).append('\n');
            } catch (SafetensorsException e) {
                out.append(e.rule()).append('\n');
            }
        }
        System.out.write(out.toString().getBytes(StandardCharsets.UTF_8));
    }
}
