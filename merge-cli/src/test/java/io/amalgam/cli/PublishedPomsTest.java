package io.amalgam.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The poms that are installed and published can be read without this repository. */
class PublishedPomsTest {
    @ParameterizedTest
    @ValueSource(strings = {"", "bom/", "merge-core/", "merge-formats/", "merge-cli/"})
    void standAlone(String module) throws IOException {
        Path file = Path.of("../" + module + "target/.flattened-pom.xml");
        assumeTrue(Files.exists(file), "only Maven writes them");
        String pom = Files.readString(file);
        assertThat(pom).doesNotContain("${").doesNotContain("<parent>");
        assertThat(pom).contains("<name>", "<description>", "<licenses>", "<developers>", "<scm");
    }
}
