package io.amalgam.internal.recipe.yaml;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.amalgam.recipe.RecipeFile;
import io.amalgam.recipe.RecipeFile.Document;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Files of several recipes. */
class DocumentsTest {
    private static final String TWO =
            """
            # 𝄞 first of all
            name: first
            merge_method: linear
            models: [{model: a}]   # twice?
            ---
            # then
            merge_method: passthrough
            models:
              - model: first
            """;

    private static RecipeFile read(String text) {
        return RecipeReader.readAll(text, "r.yml", ReadOptions.DEFAULT);
    }

    @Test
    void namesAndRecipesInOrder() {
        RecipeFile file = read(TWO);

        assertThat(file.documents()).hasSize(2);
        Document first = file.documents().get(0);
        assertThat(first.name()).contains("first");
        assertThat(first.nameLocation()).hasToString("r.yml:2:7");
        assertThat(first.recipe().method()).isEqualTo("linear");
        assertThat(file.documents().get(1).name()).isEmpty();
        assertThat(file.result()).contains(file.documents().get(1).recipe());
    }

    @Test
    void namesThatDifferInCaseOnlyAreWarnedOf() {
        RecipeFile file =
                read(
                        """
                        name: Mean
                        merge_method: linear
                        models: [{model: a}]
                        ---
                        name: mean
                        merge_method: linear
                        models: [{model: Mean}]
                        ---
                        merge_method: passthrough
                        models: [{model: mean}]
                        """);

        assertThat(file.documents().get(1).recipe().warnings())
                .extracting(Object::toString)
                .containsExactly(
                        "two documents are named alike but for upper and lower case, 'mean' and 'Mean' in line 1"
                                + " (r.yml:5:7); their folders are one on some file systems: rename one");
        assertThat(file.documents().get(2).recipe().warnings()).isEmpty();
    }

    @Test
    void placesAreThoseInTheFile() {
        assertThat(read(TWO).result().orElseThrow().models().get(0).model().location())
                .hasToString("r.yml:9:12");
    }

    @Test
    void theResultKeepsTheWholeTextAndStagesTheirOwn() {
        RecipeFile file = read(TWO);

        assertThat(file.result().orElseThrow().text()).isEqualTo(TWO);
        String own = file.documents().get(0).recipe().text();
        assertThat(own)
                .isEqualTo("name: first\nmerge_method: linear\nmodels: [{model: a}]   # twice?\n");
        assertThat(RecipeReader.read(own, "r.yml").method()).isEqualTo("linear");
    }

    @Test
    void emptyDocumentsCountForNothing() {
        RecipeFile file = read("---\nmerge_method: linear\nmodels: [{model: a}]\n---\n---\n");

        assertThat(file.documents()).hasSize(1);
        assertThat(file.result()).isPresent();
    }

    @Test
    void anchorsEndWithTheirDocument() {
        RecipeFile file = read(TWO.replace("[{model: a}]", "&m [{model: a}]"));
        assertThat(file.documents().get(0).recipe().models()).hasSize(1);
    }

    @Test
    void everyDocumentHasItsOwnWarnings() {
        RecipeFile file = read(TWO.replace("models:\n", "lambda: 1\nmodels:\n"));

        assertThat(file.documents().get(0).recipe().warnings()).isEmpty();
        assertThat(file.result().orElseThrow().warnings())
                .singleElement()
                .hasToString(
                        "unknown key 'lambda' (r.yml:8:1); it belongs under 'parameters', if the method has it");
    }

    @Test
    void filesMadeInCodeAreChecked() {
        Document document =
                Document.of(RecipeReader.read("merge_method: x\nmodels: [{model: a}]", "r"));

        assertThatIllegalArgumentException().isThrownBy(() -> new RecipeFile("", List.of()));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new RecipeFile("", List.of(document, document)));
        Document named = Document.of("a", document.recipe());
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new RecipeFile("", List.of(named, named)));
        assertThat(new RecipeFile("", List.of(named, document)).result())
                .contains(document.recipe());
    }
}
