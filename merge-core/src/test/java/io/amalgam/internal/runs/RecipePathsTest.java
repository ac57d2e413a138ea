package io.amalgam.internal.runs;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

class RecipePathsTest {
    @TempDir Path root;

    /** As a shell gives for {@code <(cat recipe.yml)}: a link to what no path leads to. */
    @Test
    @EnabledOnOs(OS.LINUX)
    void includePipes() throws IOException {
        Path recipe = Files.writeString(root.resolve("a.yml"), "merge_method: linear\n");
        Process reader = new ProcessBuilder("cat").start();
        try {
            Path pipe = Path.of("/proc/" + reader.pid() + "/fd/0");
            List<String> arguments = List.of(pipe.toString(), recipe.toString(), pipe.toString());
            assertThat(RecipePaths.of(arguments, root.resolve("out")))
                    .containsExactly(pipe, recipe);
        } finally {
            reader.destroy();
        }
    }
}
