package io.amalgam.internal.formats.safetensors;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;

/** Files of the test resources. */
final class Resources {
    private Resources() {}

    static Path directory(String name) {
        try {
            return Path.of(
                    Objects.requireNonNull(Resources.class.getResource("/" + name), name).toURI());
        } catch (URISyntaxException e) {
            throw new IllegalArgumentException(e);
        }
    }

    /** The safetensors files of a directory, by name. */
    static List<Path> files(String directory) {
        try (Stream<Path> files = Files.list(directory(directory))) {
            return files.filter(file -> file.toString().endsWith(".safetensors")).sorted().toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
