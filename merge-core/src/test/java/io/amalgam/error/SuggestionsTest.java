package io.amalgam.error;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class SuggestionsTest {
    private static final List<String> METHODS = List.of("linear", "slerp", "ties");

    @Test
    void theNearestWhateverTheCase() {
        assertThat(Suggestions.nearest("lineer", METHODS)).contains("linear");
        assertThat(Suggestions.nearest("LINEAR", METHODS)).contains("linear");
        assertThat(Suggestions.nearest("Ties", List.of("dare", "TIES"))).contains("TIES");
    }

    @Test
    void nothingThatIsFar() {
        assertThat(Suggestions.nearest("average", METHODS)).isEmpty();
    }
}
