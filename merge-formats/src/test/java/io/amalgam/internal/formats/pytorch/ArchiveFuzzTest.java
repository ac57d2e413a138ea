package io.amalgam.internal.formats.pytorch;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.amalgam.fuzz.Fuzzing;
import io.amalgam.fuzz.Mutations;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.provider.MethodSource;

/** Whatever the bytes of a PyTorch archive are, the answer is its tensors or a refusal. */
class ArchiveFuzzTest {
    private static final Mutations MUTATIONS =
            new Mutations(
                    List.of(
                            "PK\1\2",
                            "PK\3\4",
                            "PK\5\6",
                            "PK\6\6",
                            "PK\6\7",
                            "data.pkl",
                            "/data/0",
                            "byteorder",
                            "little",
                            "\0\0",
                            "\1\0"));

    @TempDir Path folder;

    static List<byte[]> seeds() {
        return PyTorchFiles.all().stream().map(ArchiveFuzzTest::content).toList();
    }

    static byte[] content(Path file) {
        try {
            return Files.readAllBytes(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @MethodSource("seeds")
    @FuzzTest(maxDuration = "90s")
    void anyBytes(byte[] bytes) throws IOException {
        PyTorchFiles.accepts(folder, bytes);
    }

    @Test
    void changedArchives() {
        List<byte[]> valid = PyTorchFiles.valid().stream().map(ArchiveFuzzTest::content).toList();
        Fuzzing.run(2000, MUTATIONS, seeds(), valid, bytes -> PyTorchFiles.accepts(folder, bytes))
                .areBothAtLeast(50);
    }
}
