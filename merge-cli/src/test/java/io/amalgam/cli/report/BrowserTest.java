package io.amalgam.cli.report;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.amalgam.cli.Cli;
import io.amalgam.cli.Models;
import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Pages in a real browser: one named in CHROMIUM, or Chromium or Chrome on the path. */
class BrowserTest {
    @TempDir Path folder;

    private static Optional<String> browser() {
        Stream<String> named = Stream.ofNullable(System.getenv("CHROMIUM"));
        Stream<String> found =
                Stream.of(System.getenv().getOrDefault("PATH", "").split(File.pathSeparator))
                        .flatMap(
                                place ->
                                        Stream.of("chromium", "chromium-browser", "google-chrome")
                                                .map(name -> place + File.separator + name));
        return Stream.concat(named, found)
                .filter(path -> Files.isExecutable(Path.of(path)))
                .findFirst();
    }

    /** What is in the page after its scripts ran. */
    private String shown(String chromium, Path page) throws IOException, InterruptedException {
        Path dom = folder.resolve("dom.html");
        Process process =
                new ProcessBuilder(
                                List.of(
                                        chromium,
                                        "--headless",
                                        "--no-sandbox",
                                        "--disable-gpu",
                                        "--disable-dev-shm-usage",
                                        "--user-data-dir=" + folder.resolve("profile"),
                                        "--virtual-time-budget=3000",
                                        "--dump-dom",
                                        page.toUri().toString()))
                        .redirectOutput(dom.toFile())
                        .redirectError(folder.resolve("browser.log").toFile())
                        .start();
        assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
        return Files.readString(dom, StandardCharsets.UTF_8);
    }

    @Test
    void chartsAreDrawnAndTheTableSortsAndFilters() throws IOException, InterruptedException {
        Optional<String> chromium = browser();
        assumeTrue(
                chromium.isPresent(),
                "pages not tested in a browser: there is no Chromium on the path or in CHROMIUM");
        Path a = Models.tiny(folder.resolve("a"), 1);
        Path b = Models.tiny(folder.resolve("b"), 3);
        Path page = folder.resolve("page.html");
        assertThat(Cli.run("diff", a, b, "--html", page).exit()).isZero();
        String use =
                """
                <script>
                document.querySelector('#tensors th button').click();
                var words = document.getElementById('name-filter');
                words.value = 'LAYERS.1';
                words.dispatchEvent(new Event('input'));
                </script>
                </body>""";
        Files.writeString(page, Files.readString(page).replace("</body>", use));
        String shown = shown(chromium.get(), page);

        assertThat(shown.replaceAll("(?s)<script.*?</script>|<style.*?</style>", ""))
                .contains("<canvas")
                .contains("aria-sort=\"descending\"")
                .contains("role=\"status\">1 of 4</span>");
        String tensors = shown.substring(shown.indexOf("id=\"tensors\""));
        assertThat(tensors.indexOf("model.layers.1.up"))
                .isLessThan(tensors.indexOf("model.layers.0.up"));
        assertThat(tensors).contains("<tr hidden=\"\"><td>model.layers.0.up.weight");
    }
}
