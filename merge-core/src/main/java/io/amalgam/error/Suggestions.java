package io.amalgam.error;

import java.util.Collection;
import java.util.Locale;
import java.util.Optional;

/** "Did you mean": the nearest known name by edit distance. Stateless and thread-safe. */
public final class Suggestions {
    private static final int LETTERS = 2;

    private Suggestions() {}

    /**
     * The known name nearest to {@code word} whatever the case of letters, if it is near enough (a
     * third of its length, at least two edits).
     */
    public static Optional<String> nearest(String word, Collection<String> known) {
        String best = null;
        int bestDistance = Math.max(2, word.length() / 3) + 1;
        String plain = word.toLowerCase(Locale.ROOT);
        for (String candidate : known) {
            int distance = distance(plain, candidate.toLowerCase(Locale.ROOT));
            if (distance < bestDistance) {
                bestDistance = distance;
                best = candidate;
            }
        }
        return Optional.ofNullable(best);
    }

    /**
     * The known name that a word misspells: at most two edits away, and fewer than half of its
     * letters.
     */
    public static Optional<String> misspelling(String word, Collection<String> known) {
        String plain = word.toLowerCase(Locale.ROOT);
        return likely(word, known)
                .filter(name -> distance(plain, name.toLowerCase(Locale.ROOT)) <= LETTERS);
    }

    /**
     * As {@link #nearest}, but only if most letters are right, because any short name is near to
     * all others.
     */
    public static Optional<String> likely(String word, Collection<String> known) {
        String plain = word.toLowerCase(Locale.ROOT);
        return nearest(word, known)
                .filter(
                        name ->
                                Math.max(word.length(), name.length())
                                        > 2 * distance(plain, name.toLowerCase(Locale.ROOT)));
    }

    /** {@code did you mean 'x'?}, or {@code otherwise} if no name is near. */
    public static String didYouMean(String word, Collection<String> known, String otherwise) {
        return nearest(word, known).map(name -> "did you mean '" + name + "'?").orElse(otherwise);
    }

    /** Letters put in, left out or changed, and neighbours that changed places. */
    private static int distance(String a, String b) {
        int[] before = {};
        int[] previous = new int[b.length() + 1];
        for (int j = 0; j <= b.length(); j++) {
            previous[j] = j;
        }
        for (int i = 1; i <= a.length(); i++) {
            int[] current = new int[b.length() + 1];
            current[0] = i;
            for (int j = 1; j <= b.length(); j++) {
                int substitute = previous[j - 1] + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
                current[j] = Math.min(substitute, Math.min(previous[j], current[j - 1]) + 1);
                boolean swapped =
                        i > 1
                                && j > 1
                                && a.charAt(i - 1) == b.charAt(j - 2)
                                && a.charAt(i - 2) == b.charAt(j - 1);
                if (swapped) {
                    current[j] = Math.min(current[j], before[j - 2] + 1);
                }
            }
            before = previous;
            previous = current;
        }
        return previous[b.length()];
    }
}
