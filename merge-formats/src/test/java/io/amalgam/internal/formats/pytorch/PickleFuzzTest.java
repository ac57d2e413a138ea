package io.amalgam.internal.formats.pytorch;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.amalgam.fuzz.Fuzzing;
import io.amalgam.fuzz.Mutations;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import java.util.zip.CRC32;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.provider.MethodSource;

/** Whatever the pickle of a sound archive says, the answer is its tensors or a refusal. */
class PickleFuzzTest {
    private static final String PICKLE = "data.pkl";
    private static final int STORAGES = 6;
    private static final Mutations MUTATIONS =
            new Mutations(
                    List.of(
                            "ctorch._utils\n_rebuild_tensor_v2\n",
                            "ccollections\nOrderedDict\n",
                            "ctorch\nHalfStorage\n",
                            "cos\nsystem\n",
                            "X\7\0\0\0storage",
                            "X\1\0\0\0\n",
                            "X\12\0\0\0state_dict",
                            "(",
                            ")",
                            "}",
                            "]",
                            "t",
                            "tQ",
                            "R",
                            "u",
                            "s",
                            "e",
                            "a",
                            "b",
                            "N",
                            "K\0",
                            "J\0\0\0\200",
                            "q\0",
                            "h\0",
                            "0",
                            "."));

    @TempDir Path folder;

    static List<byte[]> seeds() {
        return pickles(PyTorchFiles.all());
    }

    private static List<byte[]> pickles(List<Path> files) {
        return files.stream().flatMap(PickleFuzzTest::pickle).toList();
    }

    private static Stream<byte[]> pickle(Path file) {
        try (ZipFile archive = new ZipFile(file.toFile())) {
            for (ZipEntry entry : archive.stream().toList()) {
                if (entry.getName().endsWith(PICKLE)) {
                    return Stream.of(archive.getInputStream(entry).readAllBytes());
                }
            }
            return Stream.empty();
        } catch (IOException e) {
            // One of the damaged ones.
            return Stream.empty();
        }
    }

    /** An archive of this pickle and some storages. */
    private static byte[] archive(byte[] pickle) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (ZipOutputStream archive = new ZipOutputStream(bytes)) {
            store(archive, "m/" + PICKLE, pickle);
            for (int i = 0; i < STORAGES; i++) {
                store(archive, "m/data/" + i, new byte[256 << i]);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return bytes.toByteArray();
    }

    private static void store(ZipOutputStream archive, String name, byte[] content)
            throws IOException {
        CRC32 crc = new CRC32();
        crc.update(content);
        ZipEntry entry = new ZipEntry(name);
        entry.setMethod(ZipEntry.STORED);
        entry.setSize(content.length);
        entry.setCrc(crc.getValue());
        archive.putNextEntry(entry);
        archive.write(content);
    }

    @MethodSource("seeds")
    @FuzzTest(maxDuration = "90s")
    void anyBytes(byte[] bytes) throws IOException {
        PyTorchFiles.accepts(folder, archive(bytes));
    }

    @Test
    void changedPickles() {
        Fuzzing.run(
                        2500,
                        MUTATIONS,
                        seeds(),
                        pickles(PyTorchFiles.valid()),
                        bytes -> PyTorchFiles.accepts(folder, archive(bytes)))
                .areBothAtLeast(20);
    }
}
