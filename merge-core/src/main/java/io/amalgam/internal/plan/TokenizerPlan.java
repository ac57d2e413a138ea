package io.amalgam.internal.plan;

import io.amalgam.error.BadInputException;
import io.amalgam.error.Problem;
import io.amalgam.error.Suggestions;
import io.amalgam.internal.plan.OpenModels.Model;
import io.amalgam.internal.tokenizer.MergedVocabulary;
import io.amalgam.internal.tokenizer.TokenizerVocabulary;
import io.amalgam.recipe.Location;
import io.amalgam.recipe.ModelRef;
import io.amalgam.recipe.TokenizerSection;
import io.amalgam.recipe.TokenizerSection.TokenRule;
import io.amalgam.recipe.TokenizerSection.TokenRule.Origin;
import io.amalgam.recipe.TokenizerSection.Vocabulary;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The vocabulary of a recipe's tokenizer section, built from the models' tokenizers one after
 * another, so that only one of them is in memory.
 */
final class TokenizerPlan {
    private final TokenizerSection section;
    private final OpenModels models;
    private final ModelRef start;
    private final Problems problems;
    private final List<Problem> warnings;
    private final Map<ModelRef, int[]> rows = new LinkedHashMap<>();
    private final List<Rule> rules = new ArrayList<>();

    /** Rows found for the recipe's rules, by the token they are for. */
    private final Map<String, Integer> foundRows = new LinkedHashMap<>();

    private @Nullable MergedVocabulary vocabulary;

    /**
     * What the recipe says of a token, found.
     *
     * @param id of the output
     * @param model whose row it takes; empty for zeros
     */
    record Rule(
            String token,
            int id,
            Optional<ModelRef> model,
            int row,
            boolean force,
            Location location) {}

    private TokenizerPlan(
            TokenizerSection section,
            OpenModels models,
            ModelRef start,
            Problems problems,
            List<Problem> warnings) {
        this.section = section;
        this.models = models;
        this.start = start;
        this.problems = problems;
        this.warnings = warnings;
    }

    /**
     * @param merged the models that are merged, all open
     * @param donor the one whose tokenizer the output starts from unless the recipe says another
     * @return nothing if something is wrong, which is then among the problems
     */
    static Optional<TokenizerPlan> of(
            TokenizerSection section,
            OpenModels models,
            List<Model> merged,
            ModelRef donor,
            Problems problems,
            List<Problem> warnings) {
        ModelRef start = section.vocabulary() instanceof Vocabulary.Of of ? of.model() : donor;
        TokenizerPlan plan = new TokenizerPlan(section, models, start, problems, warnings);
        int before = problems.added();
        try {
            plan.build(merged, donor);
        } catch (BadInputException e) {
            problems.addAll(e);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return problems.added() == before ? Optional.of(plan) : Optional.empty();
    }

    private void build(List<Model> merged, ModelRef donor) throws IOException {
        Optional<Model> opened = models.get(start);
        if (opened.isEmpty()) {
            return;
        }
        Optional<TokenizerVocabulary> first = read(opened.get());
        if (first.isEmpty()) {
            problems.add(
                    noTokenizer(opened.get())
                            .hint(
                                    "save its tokenizer there with transformers: AutoTokenizer.from_pretrained(...).save_pretrained(...)"));
            return;
        }
        int limit = TokenRows.of(opened.get()).limit();
        // A model that is named for its tokenizer gives all of it, as it is.
        MergedVocabulary tokens =
                new MergedVocabulary(first.get(), start.equals(donor) ? limit : Integer.MAX_VALUE);
        vocabulary = tokens;
        boolean union = section.vocabulary() instanceof Vocabulary.Union;
        List<Model> guessed = new ArrayList<>();
        for (Model model : merged) {
            TokenRows size = TokenRows.of(model);
            if (model.ref.equals(start)) {
                add(model.ref, first.get(), limit);
                continue;
            }
            Optional<TokenizerVocabulary> own = read(model);
            if (own.isPresent()) {
                if (union) {
                    tokens.union(own.get(), size.limit());
                }
                add(model.ref, own.get(), size.limit());
            } else if (size.limit() == limit) {
                guessed.add(model);
            } else {
                problems.add(
                        noTokenizer(model)
                                .hint(
                                        "its "
                                                + size.limit()
                                                + " rows are not those of the "
                                                + limit
                                                + " of '"
                                                + start
                                                + "': add its tokenizer"));
            }
        }
        for (Model model : guessed) {
            warnings.add(
                    noTokenizer(model).hint("its tokens are taken to be those of '" + start + "'"));
            add(model.ref, first.get(), limit);
        }
        section.tokens().forEach((token, rule) -> output(token, rule, merged));
        warnAboutConflicts(tokens);
    }

    private static Optional<TokenizerVocabulary> read(Model model) throws IOException {
        Path file = model.checkpoint.tokenizerHome().resolve(TokenizerVocabulary.NAME);
        return Files.exists(file) ? Optional.of(TokenizerVocabulary.read(file)) : Optional.empty();
    }

    private static Problem noTokenizer(Model model) {
        return Problem.of("model '" + model.ref + "' has no " + TokenizerVocabulary.NAME)
                .at(model.ref.location());
    }

    private MergedVocabulary vocabulary() {
        if (vocabulary == null) {
            throw new IllegalStateException("not built");
        }
        return vocabulary;
    }

    private void add(ModelRef model, TokenizerVocabulary file, int limit) {
        rows.put(model, vocabulary().rowsOf(file, limit));
        section.tokens().forEach((token, rule) -> find(token, rule, model, file, limit));
    }

    /** Looks for a rule's row in the model it names, while that model's tokens are at hand. */
    private void find(
            String token, TokenRule rule, ModelRef model, TokenizerVocabulary file, int limit) {
        String wanted;
        if (rule.origin() instanceof Origin.SameToken same && same.model().equals(model)) {
            wanted = token;
        } else if (rule.origin() instanceof Origin.OtherToken other
                && other.model().equals(model)) {
            wanted = other.token();
        } else {
            return;
        }
        Map<String, Integer> ids = file.ids();
        Integer id = ids.get(wanted);
        if (id != null && id < limit) {
            foundRows.put(token, id);
            return;
        }
        Problem problem =
                Problem.of("model '" + model + "' has no token '" + wanted + "'")
                        .at(rule.location());
        problems.add(
                problem.hint(
                        Suggestions.didYouMean(
                                wanted, ids.keySet(), "name a token of that model")));
    }

    /** The rule of a token of the output, which is added where it is new. */
    private void output(String token, TokenRule rule, List<Model> merged) {
        MergedVocabulary tokens = vocabulary();
        tokens.append(token);
        Optional<ModelRef> from = model(rule.origin());
        int row = foundRows.getOrDefault(token, 0);
        if (from.isPresent()) {
            Optional<Model> model =
                    merged.stream().filter(m -> m.ref.equals(from.get())).findFirst();
            if (model.isEmpty()) {
                problems.add(
                        Problem.expected(
                                        "model of token '" + token + "'",
                                        "one that is merged",
                                        "'" + from.get() + "'")
                                .at(rule.location())
                                .hint("write its path as under 'models'"));
                return;
            }
            if (rule.origin() instanceof Origin.Row origin) {
                row = origin.id();
                int limit = TokenRows.of(model.get()).limit();
                if (row >= limit) {
                    problems.add(
                            Problem.expected(
                                            "'token_id' of token '" + token + "'",
                                            "less than "
                                                    + limit
                                                    + ", the rows of '"
                                                    + from.get()
                                                    + "'",
                                            row)
                                    .at(rule.location()));
                }
            }
        }
        rules.add(
                new Rule(
                        token,
                        tokens.ids().getOrDefault(token, -1),
                        from,
                        row,
                        rule.force(),
                        rule.location()));
    }

    private static Optional<ModelRef> model(Origin origin) {
        if (origin instanceof Origin.SameToken same) {
            return Optional.of(same.model());
        }
        if (origin instanceof Origin.OtherToken other) {
            return Optional.of(other.model());
        }
        return origin instanceof Origin.Row row ? Optional.of(row.model()) : Optional.empty();
    }

    private void warnAboutConflicts(MergedVocabulary tokens) {
        List<String> conflicts = tokens.conflicts();
        if (!conflicts.isEmpty()) {
            warnings.add(
                    Problem.of(
                                    "token '"
                                            + conflicts.get(0)
                                            + "'"
                                            + (conflicts.size() == 1
                                                    ? " is"
                                                    : " and "
                                                            + (conflicts.size() - 1)
                                                            + " more are")
                                            + " used differently by the models' tokenizers")
                            .at(section.location())
                            .hint("that of the first model is kept"));
        }
    }

    /** The model whose tokenizer the output takes over. */
    ModelRef start() {
        return start;
    }

    MergedVocabulary tokens() {
        return vocabulary();
    }

    /** Rows of the output: its tokens and what pads them. */
    int rows() {
        int size = vocabulary().size();
        int multiple = section.padTo().orElse(1);
        return Math.multiplyExact((size - 1) / multiple + 1, multiple);
    }

    BitSet taken() {
        return vocabulary().taken();
    }

    List<Rule> rules() {
        return rules;
    }

    /** Which row of a model each of the output's ids is; -1 for tokens it lacks. */
    int[] rowsOf(ModelRef model) {
        int[] own = rows.get(model);
        if (own == null) {
            throw new IllegalArgumentException("'" + model + "' is not merged");
        }
        return own;
    }
}
