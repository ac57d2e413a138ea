package io.amalgam.recipe;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.amalgam.error.BadInputException;
import io.amalgam.recipe.ModelRef.AdapterRef;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ModelRefTest {
    private static final Location PLACE = new Location("r.yml", 3, 12);

    @ParameterizedTest
    @CsvSource({
        "m, m, , ,",
        "org/name, org/name, , ,",
        "m@r, m, r, ,",
        "m+l, m, , l,",
        "m@r+l, m, r, l,",
        "m+l@s, m, , l, s",
        "a/m@r+b/l@s, a/m, r, b/l, s",
        "C:\\models\\m, C:\\models\\m, , ,",
        "C:\\models\\m@r, C:\\models\\m, r, ,",
        "a b, a b, , ,",
    })
    void stringFormIsSplit(String text, String path, String rev, String lora, String loraRev) {
        ModelRef ref = ModelRef.parse(text, PLACE);

        assertThat(ref.path()).isEqualTo(path);
        assertThat(ref.revision()).isEqualTo(Optional.ofNullable(rev));
        assertThat(ref.lora()).isEqualTo(Optional.ofNullable(lora));
        assertThat(ref.loraRevision()).isEqualTo(Optional.ofNullable(loraRev));
        assertThat(ref.overrideArchitecture()).isEmpty();
        assertThat(ref.location()).isEqualTo(PLACE);
        assertThat(ref).hasToString(text);
        assertThat(ModelRef.parse(ref.toString(), Location.NONE)).isEqualTo(ref);
    }

    @ParameterizedTest
    @CsvSource({
        "m+l, l, 1",
        "m+l:0.5, l, 0.5",
        "m+org/name:-2, org/name, -2",
        "m+l:1e-3, l, 0.001",
        "m+l@s:.5, l, 0.5",
        "m+l:half, l:half, 1",
        "m+C:\\adapters\\a, C:\\adapters\\a, 1",
        "m+C:\\adapters\\a:0.25, C:\\adapters\\a, 0.25",
        "m+x:1:0.5, x:1, 0.5",
    })
    void adaptersAreWeighed(String text, String path, double weight) {
        AdapterRef adapter = ModelRef.parse(text, PLACE).adapters().get(0);

        assertThat(adapter.path()).isEqualTo(path);
        assertThat(adapter.weight()).isEqualTo(weight);
        assertThat(ModelRef.parse(text, PLACE)).hasToString(text);
    }

    @Test
    void severalAdaptersAreApplied() {
        ModelRef ref = ModelRef.parse("m@r+a:0.5+b@s+c:-1", PLACE);

        assertThat(ref.adapters()).extracting(AdapterRef::path).containsExactly("a", "b", "c");
        assertThat(ref.adapters()).extracting(AdapterRef::weight).containsExactly(0.5, 1.0, -1.0);
        assertThat(ref.lora()).contains("a");
        assertThat(ref).hasToString("m@r+a:0.5+b@s+c:-1");
        assertThat(ref).isNotEqualTo(ModelRef.parse("m@r+a:0.6+b@s+c:-1", PLACE));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "", "@", "+", "a+", "+a", "a@", "@a", "a+b+", "a@b@c", "a+:0.5+", "a+b@c@d", "a@+b"
            })
    void otherFormsAreRefusedWhereTheyAreWritten(String text) {
        assertThatThrownBy(() -> ModelRef.parse(text, PLACE))
                .isInstanceOf(BadInputException.class)
                .hasMessageStartingWith("model reference '" + text + "': expected ")
                .hasMessageContaining("(r.yml:3:12)");
    }

    @Test
    void messageNamesTheFormThatTakesAnyPath() {
        assertThatThrownBy(() -> ModelRef.parse("it's@a@path", PLACE))
                .hasMessageEndingWith(
                        "if this is a path as it stands, write the model as"
                                + " {model: {path: 'it''s@a@path'}}");
    }

    @Test
    void plusIsPartOfThePathWhereOnlyAPathIsExpected() {
        ModelRef ref = ModelRef.parsePath("a+b@r", PLACE);

        assertThat(ref.path()).isEqualTo("a+b");
        assertThat(ref.revision()).contains("r");
        assertThat(ref.lora()).isEmpty();
        assertThatThrownBy(() -> ModelRef.parsePath("a@b@c", PLACE))
                .isInstanceOf(BadInputException.class);
    }

    @Test
    void referencesAreEqualByThePlacesTheyLeadTo() {
        ModelRef here = ModelRef.parse("m", PLACE);

        assertThat(here).isEqualTo(ModelRef.of("m")).hasSameHashCodeAs(ModelRef.of("m"));
        assertThat(here.at(Location.NONE).location()).isEqualTo(Location.NONE);
        for (String spelling : List.of("./m", "m/", ".//m", "a/../m", "m/.")) {
            assertThat(ModelRef.of(spelling))
                    .isEqualTo(here)
                    .hasSameHashCodeAs(here)
                    .hasToString(spelling);
        }
        assertThat(ModelRef.of("~/m"))
                .isEqualTo(ModelRef.of(System.getProperty("user.home") + "/m"));
        assertThat(ModelRef.parse("./m+./l", PLACE)).isEqualTo(ModelRef.parse("m+l/", PLACE));
        assertThat(here)
                .isNotEqualTo(ModelRef.of("M"))
                .isNotEqualTo(ModelRef.of("/m"))
                .isNotEqualTo(ModelRef.parse("m@r", PLACE))
                .isNotEqualTo(ModelRef.parse("m+l", PLACE));
        assertThat(ModelRef.parse("m+l", PLACE)).isNotEqualTo(ModelRef.parse("m+l@s", PLACE));
        assertThat(withArchitecture("A"))
                .isEqualTo(withArchitecture("A"))
                .isNotEqualTo(withArchitecture("B"))
                .isNotEqualTo(here)
                .hasToString("m");
    }

    private static ModelRef withArchitecture(String name) {
        return new ModelRef(
                "m",
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                Optional.of(name),
                Location.NONE);
    }

    @Test
    void codeCannotBuildAReferenceToNothing() {
        Optional<String> none = Optional.empty();
        assertThatThrownBy(() -> ModelRef.of("")).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(
                        () -> new ModelRef("m", none, none, Optional.of("s"), none, Location.NONE))
                .isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void pathGivenInCodeIsTakenAsItIs() {
        assertThat(ModelRef.of("a+b@c@d").path()).isEqualTo("a+b@c@d");
        assertThat(ModelRef.of("a+b@c@d").lora()).isEmpty();
    }
}
