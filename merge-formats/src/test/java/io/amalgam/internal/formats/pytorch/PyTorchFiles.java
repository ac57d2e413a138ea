package io.amalgam.internal.formats.pytorch;

import static org.assertj.core.api.Assertions.assertThat;

import io.amalgam.checkpoint.TensorSource;
import io.amalgam.error.BadInputException;
import io.amalgam.fuzz.Fuzzing;
import io.amalgam.internal.kernel.ScalarKernels;
import io.amalgam.kernel.Workspace;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/** The PyTorch files among the test resources, and what reading any other may do. */
final class PyTorchFiles {
    private static final int MOST_READ = 1 << 16;

    private PyTorchFiles() {}

    /** Sound ones. */
    static List<Path> valid() {
        return list("pytorch", ".bin");
    }

    static List<Path> all() {
        return Stream.concat(valid().stream(), list("pickles", ".pt").stream()).toList();
    }

    private static List<Path> list(String folder, String ending) {
        try (Stream<Path> files = Files.list(PickleCorpusTest.resources(folder))) {
            return files.filter(f -> f.toString().endsWith(ending)).sorted().toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Reads all of a file, or the beginning of large tensors. */
    static boolean accepts(Path folder, byte[] bytes) throws IOException {
        Path model = folder.resolve("model.bin");
        Files.write(model, bytes);
        try (PyTorchFile file = PyTorchFile.open(model, "m")) {
            Workspace workspace = new Workspace(ScalarKernels.INSTANCE, 1 << 12);
            float[] values = new float[1 << 12];
            for (TensorSource source : file.tensors().values()) {
                assertThat(source.info().bytes()).isNotNegative();
                if (!source.info().dtype().arithmetic()) {
                    continue;
                }
                long elements = Math.min(source.info().elements(), MOST_READ);
                for (long from = 0; from < elements; from += values.length) {
                    int count = (int) Math.min(values.length, elements - from);
                    source.read(from, count, values, 0, workspace);
                }
            }
            return true;
        } catch (BadInputException e) {
            Fuzzing.assertRefusal(e);
            return false;
        }
    }
}
