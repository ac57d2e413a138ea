package io.amalgam.internal.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TokenDifferenceTest {
    private static final int ALL = Integer.MAX_VALUE;

    @TempDir Path folder;

    private Path file(String name, String text) throws IOException {
        return Files.writeString(folder.resolve(name), text.replace('\'', '"'));
    }

    private Optional<TokenDifference> between(String first, String second, int rows)
            throws IOException {
        return TokenDifference.between(file("a.json", first), file("b.json", second), rows);
    }

    @Test
    void orderAndSpacesAreNoDifference() throws IOException {
        assertThat(
                        between(
                                "{'version': '1', 'model': {'type': 'BPE', 'vocab': {'a': 0, 'b': 1}, 'merges': [['a', 'b']]}}",
                                "{'model': {'merges': ['b a'], 'vocab': {'b':1, 'a':0}}, 'added_tokens': []}",
                                ALL))
                .isEmpty();
    }

    @Test
    void tokensOfOneIdAreCompared() throws IOException {
        assertThat(
                        between(
                                "{'model': {'vocab': {'a': 0, 'b': 1, 'c': 2, 'd': 3}}}",
                                "{'model': {'vocab': {'a': 0, 'c': 1, 'b': 2, 'd': 3}}}",
                                ALL))
                .contains(new TokenDifference(2, 1, Optional.of("b"), Optional.of("c")));
    }

    @Test
    void tokensThatOneFileHasAloneCountUpToTheRows() throws IOException {
        String less = "{'model': {'vocab': {'a': 0}}}";
        String more = "{'model': {'vocab': {'a': 0, 'b': 1, 'c': 2000}}}";
        assertThat(between(less, more, ALL))
                .contains(new TokenDifference(2, 1, Optional.empty(), Optional.of("b")));
        assertThat(between(more, less, 2))
                .contains(new TokenDifference(1, 1, Optional.of("b"), Optional.empty()));
        assertThat(between(more, less, 1)).isEmpty();
    }

    @Test
    void addedTokensGoBeforeTheModelsOwn() throws IOException {
        String added =
                "{'added_tokens': [{'id': 1, 'content': '<x>'}, {'id': 'no'}], 'model': {'vocab': {'a': 0, 'b': 1}}}";
        assertThat(between(added, "{'model': {'vocab': {'a': 0, '<x>': 1}}}", ALL)).isEmpty();
        assertThat(between(added, "{'model': {'vocab': {'a': 0, 'b': 1}}}", ALL))
                .contains(new TokenDifference(1, 1, Optional.of("<x>"), Optional.of("b")));
    }

    @Test
    void idsOfAListAreItsPlaces() throws IOException {
        String list =
                "{'model': {'type': 'Unigram', 'vocab': [['a', -1.5], ['b', 0], ['c', 1e-3]]}}";
        assertThat(between(list, "{'model': {'vocab': {'a': 0, 'b': 1, 'c': 2}}}", ALL)).isEmpty();
        assertThat(between(list, "{'model': {'vocab': [['a', 0, [1]], 7, ['x']]}}", ALL))
                .contains(new TokenDifference(2, 1, Optional.of("b"), Optional.empty()));
    }

    @Test
    void nothingIsSaidOfDamagedFiles() throws IOException {
        String good = "{'model': {'vocab': {'a': 0}}}";
        assertThat(between(good, "{'model': {'vocab': {'b': 0}", ALL)).isEmpty();
        assertThat(between(good, "{'model': {'vocab': {'a': 0, 'b': -4, 'c': 99999999999}}}", ALL))
                .isEmpty();
    }
}
