package io.amalgam.plan;

import io.amalgam.checkpoint.Checkpoint;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/**
 * A file the output gets a copy of: tokenizer, generation settings.
 *
 * @param name relative to the model's directory, and to the output's
 * @param file where it is
 * @param bytes its size
 */
public record SideFile(Path name, Path file, long bytes) {
    /** The same file under another name. */
    public SideFile named(String other) {
        return new SideFile(Path.of(other), file, bytes);
    }

    public boolean sameContent(SideFile other) {
        try {
            return Files.mismatch(file, other.file) < 0;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** By its name in the folder of the model proper; empty if it is elsewhere. */
    public Optional<SideFile> atHome(Checkpoint model) {
        String home = model.folders().home();
        if (home.isEmpty()) {
            return Optional.of(this);
        }
        return name.startsWith(home)
                ? Optional.of(named(Path.of(home).relativize(name).toString()))
                : Optional.empty();
    }
}
