package io.amalgam.internal.io;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class AtomicFileTest {
    @TempDir private Path temp;
    private Path place;

    @BeforeEach
    void place() {
        place = temp.resolve("folder/file");
    }

    private List<String> names() throws IOException {
        try (Stream<Path> files = Files.list(place.getParent())) {
            return files.map(file -> file.getFileName().toString()).sorted().toList();
        }
    }

    @Test
    void appearsWhenCommitted() throws IOException {
        try (AtomicFile file = AtomicFile.create(place)) {
            file.write(ByteBuffer.wrap(new byte[] {3, 4}), 2);
            file.write(ByteBuffer.wrap(new byte[] {1, 2}), 0);
            assertThat(place).doesNotExist();
            file.commit();
        }
        assertThat(place).hasBinaryContent(new byte[] {1, 2, 3, 4});
        assertThat(names()).containsExactly("file");
    }

    @Test
    void isGoneWithoutACommit() throws IOException {
        AtomicFile.write(place, new byte[] {9});
        try (AtomicFile file = AtomicFile.create(place)) {
            file.write(ByteBuffer.wrap(new byte[] {1}), 0);
            file.complete();
        }
        assertThat(place).hasBinaryContent(new byte[] {9});
        assertThat(names()).containsExactly("file");
    }

    @Test
    void takesThePlaceOfAnEarlierOne() throws IOException {
        AtomicFile.write(place, new byte[] {1, 2, 3});
        AtomicFile.write(place, new byte[] {4});
        assertThat(place).hasBinaryContent(new byte[] {4});
    }

    @Test
    void removesWhatAKilledRunLeftAndNothingElse() throws IOException {
        Files.createDirectories(place.getParent());
        String left = ".file.01234567-89ab-cdef-0123-456789abcdef.tmp";
        Files.write(place.resolveSibling(left), new byte[1]);
        Files.write(place.resolveSibling(".file.mine.tmp"), new byte[1]);
        try (AtomicFile running = AtomicFile.create(place);
                AtomicFile second = AtomicFile.create(place)) {
            assertThat(names()).hasSize(3).doesNotContain(left);
            second.commit();
            running.commit();
        }
        assertThat(names()).containsExactly(".file.mine.tmp", "file");
    }

    @Test
    void treesAreDeletedWithTheirLinksButNotWhatTheyPointTo() throws IOException {
        Path kept = Files.write(temp.resolve("kept"), new byte[1]);
        Files.createDirectories(temp.resolve("tree/inner"));
        Files.createSymbolicLink(temp.resolve("tree/inner/link"), kept);
        FileWrites.deleteTree(temp.resolve("tree"));
        FileWrites.deleteTree(temp.resolve("tree"));
        assertThat(temp.resolve("tree")).doesNotExist();
        assertThat(kept).exists();
    }
}
