package io.amalgam.internal.tokenizer;

import io.amalgam.error.BadInputException;
import io.amalgam.error.Problem;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * The tokens of a merged model: those of the tokenizer it starts from under their own ids, then
 * what others add, in the order they are added, each model's by its ids. Nothing that has an id
 * ever moves.
 *
 * <p>Not safe for use by several threads.
 */
public final class MergedVocabulary {
    private final TokenizerVocabulary start;
    private final Map<String, Integer> ids;
    private final Set<String> removed = new LinkedHashSet<>();
    private final Set<String> appended = new LinkedHashSet<>();

    /** How tokens are used, by the first tokenizer that says so. */
    private final Map<String, AddedToken> definitions = new HashMap<>();

    /** Tokens of the start's own model that another tokenizer adds: they get its settings. */
    private final Set<String> promoted = new LinkedHashSet<>();

    private final List<String> conflicts = new ArrayList<>();
    private int next;

    /**
     * @param limit ids from here on have no row in the model: their tokens are left out
     */
    public MergedVocabulary(TokenizerVocabulary start, int limit) {
        this.start = start;
        this.ids = start.ids();
        ids.forEach(
                (token, id) -> {
                    if (id >= limit) {
                        removed.add(token);
                    } else {
                        next = Math.max(next, id + 1);
                    }
                });
        ids.keySet().removeAll(removed);
        for (AddedToken token : start.added()) {
            if (ids.containsKey(token.content())) {
                definitions.putIfAbsent(token.content(), token);
            }
        }
    }

    /** Adds the tokens of another model that are not there yet. */
    public void union(TokenizerVocabulary other, int limit) {
        List<Map.Entry<String, Integer>> added = new ArrayList<>();
        other.ids()
                .forEach(
                        (token, id) -> {
                            if (id < limit && !ids.containsKey(token)) {
                                added.add(Map.entry(token, id));
                            }
                        });
        added.sort(Comparator.comparingInt(Map.Entry::getValue));
        added.forEach(entry -> append(entry.getKey()));
        for (AddedToken token : other.added()) {
            if (token.id() < limit) {
                define(token);
            }
        }
    }

    private void define(AddedToken token) {
        AddedToken known = definitions.putIfAbsent(token.content(), token);
        if (known == null) {
            if (!appended.contains(token.content())) {
                promoted.add(token.content());
            }
        } else if (!known.alike(token)) {
            conflicts.add(token.content());
        }
    }

    /** Adds one token if it is not there yet. */
    public void append(String token) {
        if (ids.putIfAbsent(token, next) == null) {
            next++;
            appended.add(token);
        }
    }

    /** Rows that the ids need: one more than the largest. */
    public int size() {
        return next;
    }

    /** Ids by token. */
    public Map<String, Integer> ids() {
        return Collections.unmodifiableMap(ids);
    }

    /** Ids that a token has; the others below {@link #size()} are gaps. */
    public BitSet taken() {
        BitSet taken = new BitSet(next);
        ids.values().forEach(taken::set);
        return taken;
    }

    /** Tokens that were added to those of the start. */
    public Set<String> appended() {
        return Collections.unmodifiableSet(appended);
    }

    /** Tokens of the start that have no row. */
    public Set<String> removed() {
        return Collections.unmodifiableSet(removed);
    }

    /** Tokens that two tokenizers use in different ways; the first one's way holds. */
    public List<String> conflicts() {
        return conflicts.stream().distinct().toList();
    }

    /** Whether a tokenizer of the start's has to be written differently. */
    boolean changed() {
        return !(removed.isEmpty() && appended.isEmpty() && promoted.isEmpty());
    }

    TokenizerVocabulary start() {
        return start;
    }

    /**
     * Which row of a model each id of this vocabulary is.
     *
     * @param limit rows of the model
     * @return for each id below {@link #size()} at the time the model's row, or -1 where it has
     *     none
     */
    public int[] rowsOf(TokenizerVocabulary model, int limit) {
        int[] rows = new int[next];
        Arrays.fill(rows, -1);
        model.ids()
                .forEach(
                        (token, id) -> {
                            Integer own = ids.get(token);
                            if (own != null && id < limit) {
                                rows[own] = id;
                            }
                        });
        return rows;
    }

    /** The items of {@code added_tokens}, by id. */
    List<AddedToken> addedTokens() {
        Map<String, AddedToken> all = new LinkedHashMap<>();
        for (AddedToken token : start.added()) {
            Integer id = ids.get(token.content());
            if (id != null) {
                all.putIfAbsent(token.content(), token);
            }
        }
        for (String token : promoted) {
            all.put(token, definition(token));
        }
        for (String token : appended) {
            all.put(token, definition(token));
        }
        List<AddedToken> sorted = new ArrayList<>(all.values());
        sorted.sort(Comparator.comparingInt(AddedToken::id));
        return sorted;
    }

    private AddedToken definition(String token) {
        int id = ids.getOrDefault(token, -1);
        AddedToken known = definitions.get(token);
        return known == null ? AddedToken.plain(id, token) : known.withId(id);
    }

    /**
     * Sees that Hugging Face's library, which numbers added tokens itself as it loads them, gives
     * every token the id it has here.
     *
     * @throws BadInputException if it would not, because the start's ids have gaps
     */
    void checkNumbering() {
        Map<String, Integer> model = start.model();
        int modelSize = model.size();
        for (String token : removed) {
            modelSize -= model.containsKey(token) ? 1 : 0;
        }
        int largest = -1;
        for (AddedToken token : addedTokens()) {
            Integer own = model.get(token.content());
            int id = own != null ? own : largest >= modelSize ? largest + 1 : modelSize;
            if (id != token.id()) {
                throw new BadInputException(
                        Problem.expected(
                                        "id of token '" + token.content() + "'",
                                        id + ", as the tokenizers library numbers it",
                                        token.id())
                                .at("'" + start.file() + "'")
                                .hint(
                                        "the tokenizer's ids have gaps, so that no token can be added to it"));
            }
            largest = Math.max(largest, id);
        }
    }
}
