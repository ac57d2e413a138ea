package io.amalgam.internal.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.amalgam.error.BadInputException;
import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class MergedVocabularyTest {
    private static final int ALL = Integer.MAX_VALUE;

    @TempDir Path folder;

    private TokenizerVocabulary start() throws IOException {
        return Tokenizers.read(folder, "start", Tokenizers.BPE);
    }

    private TokenizerVocabulary other(String json) throws IOException {
        return Tokenizers.read(folder, "other", json);
    }

    private static final String OTHER =
            "{'model': {'vocab': {'b': 0, 'z': 3, 'y': 2, 'a': 1}}, 'added_tokens':"
                    + " [{'id': 4, 'content': '<u>', 'special': true, 'lstrip': true},"
                    + "  {'id': 1, 'content': 'a'}]}";

    @Test
    void othersTokensFollowByTheirIds() throws IOException {
        MergedVocabulary merged = new MergedVocabulary(start(), ALL);
        merged.union(other(OTHER), ALL);
        assertThat(merged.ids())
                .containsEntry("<s>", 0)
                .containsEntry("abb", 4)
                .containsEntry("y", 5)
                .containsEntry("z", 6)
                .containsEntry("<u>", 7)
                .hasSize(8);
        assertThat(merged.appended()).containsExactly("y", "z", "<u>");
        assertThat(merged.size()).isEqualTo(8);
        assertThat(merged.rowsOf(other(OTHER), ALL)).containsExactly(-1, 1, 0, -1, -1, 2, 3, 4);
        assertThat(merged.rowsOf(other(OTHER), 3)).containsExactly(-1, 1, 0, -1, -1, 2, -1, -1);
        assertThat(merged.rowsOf(start(), ALL)).containsExactly(0, 1, 2, 3, 4, -1, -1, -1);
    }

    @Test
    void tokensWithoutARowAreNotTaken() throws IOException {
        MergedVocabulary merged = new MergedVocabulary(start(), 4);
        merged.union(other(OTHER), 3);
        assertThat(merged.removed()).containsExactly("abb");
        assertThat(merged.ids().keySet()).containsExactly("<s>", "a", "b", "ab", "y");
        assertThat(merged.ids()).containsEntry("y", 4);
    }

    @Test
    void addedTokensKeepTheirSettings() throws IOException {
        MergedVocabulary merged = new MergedVocabulary(start(), ALL);
        merged.union(other(OTHER), ALL);
        merged.append("new");
        merged.append("a");
        assertThat(merged.addedTokens())
                .containsExactly(
                        new AddedToken(0, "<s>", false, false, false, false, true),
                        AddedToken.plain(1, "a"),
                        AddedToken.plain(5, "y"),
                        AddedToken.plain(6, "z"),
                        new AddedToken(7, "<u>", false, true, false, false, true),
                        AddedToken.plain(8, "new"));
    }

    @Test
    void firstDefinitionWins() throws IOException {
        MergedVocabulary merged = new MergedVocabulary(start(), ALL);
        merged.union(other(OTHER), ALL);
        merged.union(
                other(
                        "{'model': {'vocab': {'q': 0}}, 'added_tokens': [{'id': 1, 'content': '<u>'},"
                                + " {'id': 2, 'content': '<s>', 'special': true},"
                                + " {'id': 3, 'content': 'a'}]}"),
                ALL);
        assertThat(merged.addedTokens())
                .contains(new AddedToken(7, "<u>", false, true, false, false, true));
        assertThat(merged.conflicts()).containsExactly("<u>");
    }

    @Test
    void aTokenOneModelAddsAndAnotherKnows() throws IOException {
        // Ordinary in the second, special in the third: the third says how it is used.
        MergedVocabulary merged = new MergedVocabulary(start(), ALL);
        merged.union(other("{'model': {'vocab': {'<u>': 0}}}"), ALL);
        merged.union(other(OTHER), ALL);
        assertThat(merged.addedTokens())
                .contains(new AddedToken(5, "<u>", false, true, false, false, true));
    }

    @Test
    void unchanged() throws IOException {
        MergedVocabulary merged = new MergedVocabulary(start(), ALL);
        merged.union(start(), ALL);
        merged.append("ab");
        assertThat(merged.changed()).isFalse();
        merged.append("new");
        assertThat(merged.changed()).isTrue();
    }

    @Test
    void idsWithGapsTakeNoMoreTokens() throws IOException {
        TokenizerVocabulary gaps =
                other(
                        "{'model': {'vocab': {'a': 0, 'b': 5}}, 'added_tokens': [{'id': 7, 'content': '<x>'}]}");
        MergedVocabulary merged = new MergedVocabulary(gaps, ALL);
        merged.append("new");
        assertThat(merged.size()).isEqualTo(9);
        assertThat(merged.taken().cardinality()).isEqualTo(4);
        assertThatThrownBy(merged::checkNumbering)
                .isInstanceOf(BadInputException.class)
                .hasMessageStartingWith(
                        "id of token '<x>': expected 2, as the tokenizers library numbers it, got 7");
    }

    @Test
    void contiguousIdsAreAsTheLibraryNumbersThem() throws IOException {
        MergedVocabulary merged = new MergedVocabulary(start(), 4);
        merged.union(other(OTHER), ALL);
        merged.checkNumbering();
        assertThat(merged.ids()).containsEntry("y", 4).containsEntry("<u>", 6);
    }
}
