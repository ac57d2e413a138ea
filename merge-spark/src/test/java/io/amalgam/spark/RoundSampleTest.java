package io.amalgam.spark;

import static org.assertj.core.api.Assertions.assertThat;

import io.amalgam.samples.RoundSample;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RoundSampleTest {
    private static final Path MODELS =
            Path.of("../merge-formats/src/test/resources/golden/merge/models").toAbsolutePath();

    @TempDir private Path temp;

    @Test
    void theSampleRuns() throws IOException {
        Path listing =
                Files.writeString(
                        temp.resolve("clients.tsv"),
                        "%1$s/ft1\t3\n%1$s/ft2\t5\n%1$s/gone\t1\n".formatted(MODELS));

        String lines =
                RoundSample.run(
                        LocalSpark.context(), listing, MODELS.resolve("base"), temp.resolve("out"));

        assertThat(lines).startsWith("2 clients\nleft out: ").endsWith(" tensors merged\n");
        assertThat(temp.resolve("out/model/config.json")).exists();
        Path source = Path.of("src/test/java/io/amalgam/samples/RoundSample.java");
        assertThat(Files.readAllLines(source)).hasSizeLessThanOrEqualTo(60);
    }
}
