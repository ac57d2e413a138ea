package io.amalgam.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Recipes of several documents on the command line. */
class StagesTest {
    private static final String STAGE =
            """
            name: mean
            merge_method: linear
            models:
              - {model: a, parameters: {weight: 1}}
              - {model: b, parameters: {weight: 1}}
            dtype: float32
            ---
            """;

    private static final String RESULT =
            """
            merge_method: passthrough
            models: [{model: mean, parameters: {scale: 0.5}}]
            """;

    @TempDir Path folder;
    private Path recipe;
    private Path out;

    @BeforeEach
    void models() throws IOException {
        Models.write(folder.resolve("a"), java.util.List.of(Models.filled("x.0.w", 1, 4, 4)), "{}");
        Models.write(folder.resolve("b"), java.util.List.of(Models.filled("x.0.w", 3, 4, 4)), "{}");
        recipe = Models.recipe(folder, STAGE + RESULT);
        out = folder.resolve("out");
    }

    @Test
    void planShowsTheStages() throws IOException {
        Cli shown = Cli.run("plan", recipe);
        assertThat(shown.exit()).isZero();
        assertThat(shown.out())
                .startsWith(
                        "stage 'mean': computed while it is read, not written\nmethod  linear\n")
                .contains("\nresult\nmethod  passthrough\n");

        assertThat(Cli.run("plan", recipe, "--keep-stages", "kept").out())
                .startsWith("stage 'mean': written, then read\n");

        JsonNode json = Cli.run("plan", recipe, "--json").json();
        assertThat(json.path("merge_method").asText()).isEqualTo("passthrough");
        assertThat(json.at("/stages/0/name").asText()).isEqualTo("mean");
        assertThat(json.at("/stages/0/kind").asText()).isEqualTo("read_through");
        assertThat(json.at("/stages/0/merge_method").asText()).isEqualTo("linear");
    }

    @Test
    void mergesAndKeepsStagesOnRequest() throws IOException {
        Path kept = folder.resolve("kept");
        assertThat(Cli.run("merge", recipe, out).exit()).isZero();
        assertThat(folder.resolve("out.amalgam-stages")).doesNotExist();

        Path second = folder.resolve("second");
        Cli result = Cli.run("merge", recipe, second, "--intermediate-dir", kept);
        assertThat(result.exit()).isZero();
        assertThat(result.out()).startsWith("stage 'mean': merged in ");
        assertThat(kept.resolve("mean/config.json")).isRegularFile();
        assertThat(second.resolve("model.safetensors"))
                .hasSameBinaryContentAs(out.resolve("model.safetensors"));

        Path third = folder.resolve("third");
        Cli again = Cli.run("merge", recipe, third, "-I", kept);
        assertThat(again.out()).startsWith("stage 'mean': there already\n");
        assertThat(again.err()).contains("stage 'mean' is there from an earlier run");
        JsonNode json =
                Cli.run("merge", recipe, folder.resolve("fourth"), "-I", kept, "--json").json();
        assertThat(json.at("/stages/0/merged").asBoolean()).isFalse();

        Cli anew = Cli.run("merge", recipe, folder.resolve("fifth"), "-I", kept, "--no-lazy");
        assertThat(anew.errors()).singleElement().asString().endsWith("or give --overwrite");
    }

    @Test
    void stagesAndTheOutputDoNotLieInEachOther() {
        for (Path kept : java.util.List.of(out, out.resolve("stages"))) {
            Cli result = Cli.run("merge", recipe, out, "-I", kept);
            assertThat(result.exit()).isEqualTo(3);
            assertThat(result.errors())
                    .containsExactly(
                            "error: folder of stage 'mean': expected one apart from the output '"
                                    + out
                                    + "', got '"
                                    + kept.resolve("mean")
                                    + "'; keep stages in a folder beside the output");
        }
        assertThat(Cli.run("merge", recipe, folder.resolve("mean/x"), "-I", folder).exit())
                .isEqualTo(3);
        assertThat(out).doesNotExist();
    }

    /** As on a file system that takes upper and lower case for one; a link does the same. */
    @Test
    void foldersOfStagesThatAreOneAreRefused() throws IOException {
        Files.writeString(
                recipe,
                """
                name: Mean
                merge_method: ties
                base_model: a
                models: [{model: b, parameters: {weight: 1}}]
                ---
                name: mean
                merge_method: linear
                models: [{model: b, parameters: {weight: 1}}]
                ---
                merge_method: linear
                models:
                  - {model: Mean, parameters: {weight: 1}}
                  - {model: mean, parameters: {weight: 1}}
                """);
        Path kept = folder.resolve("kept");
        Files.createDirectories(kept.resolve("Mean"));
        Files.createSymbolicLink(kept.resolve("mean"), kept.resolve("Mean"));

        Cli result = Cli.run("merge", recipe, out, "-I", kept);

        assertThat(result.errors())
                .containsExactly(
                        "error: folders of stages 'Mean' and 'mean': expected two, got one, '"
                                + kept.resolve("Mean")
                                + "'; rename one of the documents");
        assertThat(result.err()).contains("alike but for upper and lower case");
        assertThat(kept.resolve("Mean")).isEmptyDirectory();
        assertThat(Cli.run("merge", recipe, out, "-I", folder.resolve("apart")).exit()).isZero();
    }

    @Test
    void dryRunWritesNothing() {
        Cli result = Cli.run("merge", recipe, out, "--dry-run", "-I", folder.resolve("kept"));

        assertThat(result.exit()).isZero();
        assertThat(result.out()).startsWith("stage 'mean': written, then read\n");
        assertThat(folder.resolve("kept")).doesNotExist();
        assertThat(out).doesNotExist();
    }

    @Test
    void recipesOfNamedDocumentsAloneFillTheOutput() throws IOException {
        Models.recipe(folder, STAGE + "name: half\n" + RESULT);

        Cli result = Cli.run("merge", recipe, out);

        assertThat(result.exit()).isZero();
        assertThat(result.out()).endsWith("stages are in " + out + "\n");
        assertThat(out.resolve("mean/model.safetensors")).isRegularFile();
        assertThat(out.resolve("half/model.safetensors")).isRegularFile();
        JsonNode json = Cli.run("plan", recipe, "--json").json();
        assertThat(json.path("stages")).hasSize(2);
        assertThat(Files.exists(folder.resolve("out.amalgam-stages"))).isFalse();
    }
}
