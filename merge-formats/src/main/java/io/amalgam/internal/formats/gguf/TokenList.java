package io.amalgam.internal.formats.gguf;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/** The tokens of a vocabulary by number, each with a score and a kind. */
final class TokenList {
    static final int NORMAL = 1;
    static final int UNKNOWN = 2;
    static final int CONTROL = 3;
    static final int USER_DEFINED = 4;
    static final int UNUSED = 5;
    static final int BYTE = 6;

    private static final String SPACE = "\u2581";

    private final List<String> texts;
    private final float[] scores;
    private final int[] kinds;

    /**
     * @param size of the vocabulary; numbers without a token are padding
     * @param paddingScore the score of padding
     */
    TokenList(int size, float paddingScore) {
        texts = new ArrayList<>(size);
        scores = new float[size];
        kinds = new int[size];
        for (int id = 0; id < size; id++) {
            texts.add("[PAD" + id + "]");
            scores[id] = paddingScore;
            kinds[id] = UNUSED;
        }
    }

    int size() {
        return kinds.length;
    }

    void set(long id, String text, float score, int kind) {
        if (id >= 0 && id < kinds.length) {
            int at = (int) id;
            texts.set(at, text);
            scores[at] = score;
            kinds[at] = kind;
        }
    }

    /**
     * A token that was added to a vocabulary: a special one, or one with spaces for the sign of
     * them.
     */
    void add(long id, String text, boolean special) {
        boolean control = special || looksSpecial(text);
        set(id, control ? text : text.replace(SPACE, " "), -1000, control ? CONTROL : USER_DEFINED);
    }

    /** Some tokenizers do not mark tokens that ought to be special. */
    static boolean looksSpecial(String text) {
        return text.equals("<pad>")
                || text.equals("<mask>")
                || text.equals("<2mass>")
                || text.equals("[@BOS@]")
                || (text.startsWith("<|") && text.endsWith("|>"))
                || (text.startsWith("<\uff5c") && text.endsWith("\uff5c>"))
                || (text.startsWith("<unused") && text.endsWith(">"));
    }

    int kind(int id) {
        return kinds[id];
    }

    List<String> texts() {
        return Collections.unmodifiableList(texts);
    }

    /** Words by a sign at their beginning in place of one at what continues them. */
    void wordPieces() {
        for (int id = 0; id < kinds.length; id++) {
            String text = texts.get(id);
            if (kinds[id] != CONTROL) {
                texts.set(id, text.startsWith("##") ? text.substring(2) : SPACE + text);
            }
        }
    }

    void addTo(KeyList keys, boolean withScores) {
        keys.texts("tokenizer.ggml.tokens", texts);
        if (withScores) {
            keys.put("tokenizer.ggml.scores", GgufValue.Numbers.ofFloats(scores));
        }
        keys.put("tokenizer.ggml.token_type", GgufValue.Numbers.ofInts(kinds));
    }
}
