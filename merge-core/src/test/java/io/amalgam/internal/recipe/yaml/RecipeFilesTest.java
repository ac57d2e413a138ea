package io.amalgam.internal.recipe.yaml;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.amalgam.error.BadInputException;
import io.amalgam.recipe.Recipe;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class RecipeFilesTest {
    private static final String RECIPE = "merge_method: linear\nmodels: [{model: modèle/a}]\n";

    @TempDir Path folder;

    private Path file(byte[] bytes) throws IOException {
        return Files.write(folder.resolve("r.yml"), bytes);
    }

    private void assertRefused(byte[] bytes, String place, String rest) throws IOException {
        Path file = file(bytes);
        assertThatThrownBy(() -> RecipeReader.read(file))
                .isInstanceOf(BadInputException.class)
                .hasMessage(rest.replace("PLACE", file + place));
    }

    @Test
    void utf8IsRead() throws IOException {
        Recipe recipe = RecipeReader.read(file(RECIPE.getBytes(StandardCharsets.UTF_8)));

        assertThat(recipe.models().get(0).model().path()).isEqualTo("modèle/a");
        assertThat(recipe.text()).isEqualTo(RECIPE);
    }

    @Test
    void byteOrderMarkIsDropped() throws IOException {
        Recipe recipe =
                RecipeReader.read(file(("\uFEFF" + RECIPE).getBytes(StandardCharsets.UTF_8)));

        assertThat(recipe.text()).isEqualTo(RECIPE);
        assertThat(recipe.methodLocation().column()).isEqualTo(15);
        assertThat(RecipeReader.read("\uFEFF" + RECIPE, "r.yml").text()).isEqualTo(RECIPE);
    }

    @Test
    void lineEndsOfWindowsAreRead() {
        Recipe recipe = RecipeReader.read(RECIPE.replace("\n", "\r\n"), "r.yml");

        assertThat(recipe.method()).isEqualTo("linear");
        assertThat(recipe.models().get(0).location()).hasToString("r.yml:2:10");
        assertThat(recipe.text()).contains("\r\n");
    }

    @Test
    void columnsCountCharactersNotUnits() {
        Recipe recipe =
                RecipeReader.read(
                        "merge_method: linear\nmodels: [{model: '\uD83D\uDE00', x: 1}]\n", "r.yml");

        assertThat(recipe.warnings().get(0).where()).isEqualTo("r.yml:2:23");
    }

    @Test
    void latin1IsRefused() throws IOException {
        assertRefused(
                RECIPE.getBytes(StandardCharsets.ISO_8859_1),
                ":2:21",
                "recipe's encoding: expected UTF-8, got byte 0xe8 (PLACE); save the file as UTF-8");
    }

    @Test
    void cutCharacterIsRefused() throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        bytes.write("merge_method: linear # ".getBytes(StandardCharsets.UTF_8));
        bytes.write(0xe2);
        assertRefused(
                bytes.toByteArray(),
                ":1:24",
                "recipe's encoding: expected UTF-8, got byte 0xe2 (PLACE); save the file as UTF-8");
    }

    @Test
    void utf16IsRefused() throws IOException {
        assertRefused(
                RECIPE.getBytes(StandardCharsets.UTF_16),
                ":1:1",
                "recipe's encoding: expected UTF-8, got UTF-16 (PLACE); save the file as UTF-8");
    }

    @ParameterizedTest
    @ValueSource(strings = {"\u0000", "\u0007", "\u009f", "\uFFFE"})
    void charactersThatCannotBeSeenAreRefusedWhereTheyAre(String character) {
        String code = String.format("U+%04X", (int) character.charAt(0));

        assertThatThrownBy(() -> RecipeReader.read(RECIPE + "x:\r\n  é" + character, "r.yml"))
                .isInstanceOf(BadInputException.class)
                .hasMessage(
                        "recipe's text: expected printable characters, got "
                                + code
                                + " (r.yml:4:4); remove the character");
    }

    @Test
    void halfACharacterIsRefused() {
        assertThatThrownBy(() -> RecipeReader.read(RECIPE + "x: \uD83D y", "r.yml"))
                .isInstanceOf(BadInputException.class)
                .hasMessageContaining("got U+D83D (r.yml:3:4)");
    }

    @Test
    void emptyFileIsRefused() throws IOException {
        assertRefused(
                new byte[0],
                ":1:1",
                "recipe: expected a mapping with 'merge_method', got nothing (PLACE);"
                        + " write 'key: value' lines");
    }

    @Test
    void longFileIsRefused() throws IOException {
        assertRefused(
                new byte[RecipeText.MAX_LENGTH + 1],
                "",
                "recipe: expected at most 3 MiB, got more (PLACE); check that this file is a recipe");
    }

    @Test
    void longTextIsRefused() {
        String text = RECIPE + "#".repeat(RecipeText.MAX_LENGTH);

        assertThatThrownBy(() -> RecipeReader.read(text, "r.yml"))
                .isInstanceOf(BadInputException.class)
                .hasMessageContaining("expected at most 3 MiB, got more (r.yml)");
    }

    @Test
    void missingFileIsRefused() {
        Path missing = folder.resolve("none.yml");

        assertThatThrownBy(() -> RecipeReader.read(missing))
                .isInstanceOf(BadInputException.class)
                .hasMessage(
                        "recipe: expected a file, got nothing there ("
                                + missing
                                + "); check the path");
    }

    @Test
    void folderIsRefused() {
        assertThatThrownBy(() -> RecipeReader.read(folder))
                .isInstanceOf(BadInputException.class)
                .hasMessage(
                        "recipe: expected a file, got a directory ("
                                + folder
                                + "); name the .yml file in it");
    }
}
