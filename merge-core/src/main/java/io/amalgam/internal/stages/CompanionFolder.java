package io.amalgam.internal.stages;

import io.amalgam.checkpoint.OutputLayout.SmallFile;
import io.amalgam.internal.io.FileWrites;
import io.amalgam.plan.MergePlan;
import io.amalgam.plan.MergePlan.SideFile;
import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * The side files of a stage with its own tokenizer, in a temporary folder: merges that use the
 * stage read its tokenizer during planning, and may copy it.
 */
final class CompanionFolder implements Closeable {
    private final Path path;
    private final List<Path> names = new ArrayList<>();

    private CompanionFolder(Path path) {
        this.path = path;
    }

    static CompanionFolder of(MergePlan plan) throws IOException {
        CompanionFolder folder = new CompanionFolder(Files.createTempDirectory("amalgam-stage"));
        try {
            for (SideFile side : plan.sideFiles()) {
                Files.copy(side.file(), folder.place(side.name()));
            }
            for (SmallFile made : plan.madeFiles()) {
                Files.write(folder.place(Path.of(made.name())), made.content());
            }
            return folder;
        } catch (IOException | RuntimeException e) {
            try (folder) {
                throw e;
            }
        }
    }

    private Path place(Path name) throws IOException {
        names.add(name);
        Path file = path.resolve(name);
        Files.createDirectories(file.getParent());
        return file;
    }

    Path path() {
        return path;
    }

    /** The files in it, relative to it. */
    List<Path> names() {
        return List.copyOf(names);
    }

    /** Removes it. */
    @Override
    public void close() throws IOException {
        FileWrites.deleteTree(path);
    }
}
