package io.amalgam.internal.formats.gguf;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Merges of byte pairs that do what the scores of SentencePiece's pieces do: of all pairs next to
 * each other whose text is a piece, the one with the best score becomes that piece first.
 */
final class ScoredMerges {
    private ScoredMerges() {}

    /** Two pieces, and the number of the piece they make. */
    record Merge(String left, String right, int made) {}

    /** Best first; of pieces with one score, the one with the lower number first. */
    static List<Merge> of(HeldTokenizer tokenizer) {
        Map<String, Integer> ids = new HashMap<>();
        for (int id = 0; id < tokenizer.size(); id++) {
            if (!tokenizer.isPadding(id)) {
                ids.putIfAbsent(tokenizer.token(id), id);
            }
        }
        List<Merge> merges = new ArrayList<>();
        for (int id = 0; id < tokenizer.size(); id++) {
            String text = tokenizer.token(id);
            if (tokenizer.kind(id) != TokenList.NORMAL || ids.getOrDefault(text, -1) != id) {
                continue;
            }
            for (int at = 1; at < text.length(); at++) {
                String left = text.substring(0, at);
                String right = text.substring(at);
                if (ids.containsKey(left) && ids.containsKey(right)) {
                    merges.add(new Merge(left, right, id));
                }
            }
        }
        merges.sort(
                Comparator.comparingDouble((Merge merge) -> -tokenizer.score(merge.made()))
                        .thenComparingInt(Merge::made)
                        .thenComparingInt(merge -> -merge.left().length()));
        return merges;
    }
}
