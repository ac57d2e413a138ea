package io.amalgam.internal.layers;

import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * The words in the names of a model's parts. Several words for one kind of part ({@code visual},
 * {@code vit}, {@code image}) become one ({@code vision}), so that a recipe, a tensor name and a
 * configuration may each use its own.
 */
public final class PartSynonyms {
    /** The part that reads or writes text. */
    public static final String TEXT = "text";

    /** The part that sees. */
    public static final String VISION = "vision";

    /** The part that hears or speaks. */
    public static final String AUDIO = "audio";

    /** What leads from one part to another. */
    public static final String PROJECTOR = "projector";

    public static final String ENCODER = "encoder";
    public static final String DECODER = "decoder";

    private static final Map<String, String> KINDS =
            Map.ofEntries(
                    Map.entry("text", TEXT),
                    Map.entry("language", TEXT),
                    Map.entry("llm", TEXT),
                    Map.entry("vision", VISION),
                    Map.entry("visual", VISION),
                    Map.entry("vit", VISION),
                    Map.entry("image", VISION),
                    Map.entry("audio", AUDIO),
                    Map.entry("speech", AUDIO),
                    Map.entry("projector", PROJECTOR),
                    Map.entry("merger", PROJECTOR),
                    Map.entry("connector", PROJECTOR),
                    Map.entry("encoder", ENCODER),
                    Map.entry("decoder", DECODER));

    private static final List<String> BY_RANK =
            List.of(PROJECTOR, VISION, AUDIO, TEXT, ENCODER, DECODER);

    private PartSynonyms() {}

    /**
     * The words of a dotted path: its segments, what stands between their underscores, and the
     * kinds these mean.
     */
    public static Set<String> of(String path) {
        Set<String> words = new LinkedHashSet<>();
        for (String segment : path.toLowerCase(Locale.ROOT).split("\\.", -1)) {
            if (segment.isEmpty()) {
                continue;
            }
            words.add(segment);
            for (String word : segment.split("_", -1)) {
                words.add(word);
                words.add(KINDS.getOrDefault(word, word));
            }
        }
        words.remove("");
        return words;
    }

    /** A word, or the one that stands for all of its kind. */
    public static String kindOf(String word) {
        return KINDS.getOrDefault(word, word);
    }

    /**
     * The kind that a recipe's name for a part means: {@code text_decoder} is a part for text,
     * {@code vision_tower} one that sees; empty if no word in it means a kind.
     */
    public static Optional<String> kindIn(String name) {
        Set<String> words = of(name);
        return BY_RANK.stream().filter(words::contains).findFirst();
    }
}
