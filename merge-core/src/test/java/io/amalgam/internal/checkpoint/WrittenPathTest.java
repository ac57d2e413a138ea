package io.amalgam.internal.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class WrittenPathTest {
    @TempDir Path folder;

    @Test
    void homeIsExpandedAtTheBeginningOnly() {
        String home = System.getProperty("user.home");
        assertThat(WrittenPath.expanded("~")).isEqualTo(home);
        assertThat(WrittenPath.expanded("~/models")).isEqualTo(home + "/models");
        assertThat(WrittenPath.expanded("~other/models")).isEqualTo("~other/models");
        assertThat(WrittenPath.expanded("a/~/b")).isEqualTo("a/~/b");
    }

    @Test
    void nearestNameIsFoundWhereverThePathIsMisspelt() throws IOException {
        Path model = Files.createDirectories(folder.resolve("models/llama-3-tuned"));
        assertThat(WrittenPath.nearest(folder.resolve("models/lama-3-tuned"))).contains(model);
        assertThat(WrittenPath.nearest(folder.resolve("modles/llama-3-tuned"))).contains(model);
        assertThat(WrittenPath.nearest(folder.resolve("models/another"))).isEmpty();
        assertThat(WrittenPath.nearest(folder.resolve("x"))).isEmpty();
        assertThat(WrittenPath.nearest(model)).isEmpty();
    }
}
