package io.amalgam.cli.bench;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What merges are held against. */
class FloorTest {
    private static final int LENGTH = 3_000_001;

    @TempDir Path folder;

    @Test
    void readsTheInputsAndWritesTheLast() throws IOException {
        byte[] last = input("last", 2);
        input("first", 1);
        assertThat(floor(0, "first", "last")).isEqualTo(last);
    }

    @Test
    void putsTheBeginOfTheFirstBeforeTheEndOfTheLast() throws IOException {
        byte[] first = input("first", 1);
        byte[] last = input("last", 2);
        int half = 1 << 21;
        byte[] merged = floor(2L * half, "first", "last");
        assertThat(Arrays.copyOf(merged, half)).isEqualTo(Arrays.copyOf(first, half));
        assertThat(Arrays.copyOfRange(merged, half, 2 * half))
                .isEqualTo(Arrays.copyOfRange(last, LENGTH - half, LENGTH));
        assertThat(merged).hasSize(2 * half);
    }

    @Test
    void deeperModelsAreMadeOfThirtyTwoLayersOfTheSizeAskedFor() {
        SyntheticModel.Size size = SyntheticModel.Size.deep(1_100_000_000);
        assertThat(size).isEqualTo(new SyntheticModel.Size(32, 1728));
        assertThat(size.parameters()).isBetween(1_080_000_000L, 1_120_000_000L);
        assertThat(BenchCase.chosen(List.of("upscale", "linear")))
                .extracting(BenchCase::name)
                .containsExactly("linear", "upscale");
        assertThat(BenchCase.chosen(List.of())).noneMatch(BenchCase::deeper);
    }

    private byte[] input(String name, long seed) throws IOException {
        byte[] bytes = new byte[LENGTH];
        new Random(seed).nextBytes(bytes);
        Files.write(folder.resolve(name), bytes);
        return bytes;
    }

    private byte[] floor(long halves, String first, String last) throws IOException {
        Path out = folder.resolve("out");
        Floor.main(
                new String[] {
                    "2",
                    out.toString(),
                    Long.toString(halves),
                    folder.resolve(first).toString(),
                    folder.resolve(last).toString()
                });
        return Files.readAllBytes(out);
    }
}
