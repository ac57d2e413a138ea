package io.amalgam.internal.recipe;

import io.amalgam.recipe.ModelEntry;
import io.amalgam.recipe.ModelRef;
import io.amalgam.recipe.ModuleSection;
import io.amalgam.recipe.OutputSlice;
import io.amalgam.recipe.OutputSlice.LayerSource;
import io.amalgam.recipe.Recipe;
import io.amalgam.recipe.TokenizerSection;
import io.amalgam.recipe.TokenizerSection.TokenRule;
import io.amalgam.recipe.TokenizerSection.TokenRule.Origin;
import io.amalgam.recipe.TokenizerSection.Vocabulary;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;

/** A recipe with other references to models, in every place that has one. */
public final class RecipeReferences {
    private final UnaryOperator<ModelRef> models;
    private final UnaryOperator<ModelRef> tokenizers;

    private RecipeReferences(UnaryOperator<ModelRef> models, UnaryOperator<ModelRef> tokenizers) {
        this.models = models;
        this.tokenizers = tokenizers;
    }

    /**
     * Two spellings of one model become equal: duplicates, the base among the models and the base
     * of a slice are all found by the equality of references.
     *
     * @param identified which model a reference means
     */
    public static Recipe identified(Recipe recipe, UnaryOperator<ModelRef> identified) {
        UnaryOperator<ModelRef> known =
                ref -> {
                    ModelRef same = identified.apply(ref);
                    return same.aligned(
                            same.alignment().map(to -> to.to(identified.apply(to.to()))));
                };
        return new RecipeReferences(known, known).in(recipe);
    }

    /** The same recipe with other models; what its tokenizer names stays. */
    public static Recipe models(Recipe recipe, UnaryOperator<ModelRef> models) {
        return new RecipeReferences(models, UnaryOperator.identity()).in(recipe);
    }

    /** The same recipe with other models of the tokenizer. */
    public static Recipe tokenizers(Recipe recipe, UnaryOperator<ModelRef> tokenizers) {
        return new RecipeReferences(UnaryOperator.identity(), tokenizers).in(recipe);
    }

    private Recipe in(Recipe recipe) {
        return recipe.withModels(
                entries(recipe.models()),
                slices(recipe.slices()),
                recipe.modules().stream().map(this::module).toList(),
                recipe.baseModel().map(models),
                recipe.tokenizer().map(this::tokenizer));
    }

    private ModuleSection module(ModuleSection section) {
        return new ModuleSection(
                section.name(),
                entries(section.models()),
                slices(section.slices()),
                section.parameters(),
                section.location());
    }

    private List<ModelEntry> entries(List<ModelEntry> entries) {
        return entries.stream()
                .map(
                        entry ->
                                new ModelEntry(
                                        models.apply(entry.model()),
                                        entry.parameters(),
                                        entry.statistics(),
                                        entry.location()))
                .toList();
    }

    private List<OutputSlice> slices(List<OutputSlice> slices) {
        return slices.stream()
                .map(
                        slice ->
                                new OutputSlice(
                                        slice.sources().stream().map(this::source).toList(),
                                        slice.baseModel().map(models),
                                        slice.parameters(),
                                        slice.location()))
                .toList();
    }

    private LayerSource source(LayerSource source) {
        return new LayerSource(
                models.apply(source.model()),
                source.start(),
                source.end(),
                source.parameters(),
                source.location());
    }

    private TokenizerSection tokenizer(TokenizerSection section) {
        Vocabulary vocabulary =
                section.vocabulary() instanceof Vocabulary.Of of
                        ? new Vocabulary.Of(tokenizers.apply(of.model()))
                        : section.vocabulary();
        Map<String, TokenRule> tokens = new LinkedHashMap<>();
        section.tokens()
                .forEach(
                        (token, rule) ->
                                tokens.put(
                                        token,
                                        new TokenRule(
                                                origin(rule.origin()),
                                                rule.force(),
                                                rule.location())));
        return new TokenizerSection(vocabulary, tokens, section.padTo(), section.location());
    }

    private Origin origin(Origin origin) {
        if (origin instanceof Origin.SameToken same) {
            return new Origin.SameToken(tokenizers.apply(same.model()));
        }
        if (origin instanceof Origin.OtherToken other) {
            return new Origin.OtherToken(tokenizers.apply(other.model()), other.token());
        }
        return origin instanceof Origin.Row row
                ? new Origin.Row(tokenizers.apply(row.model()), row.id())
                : origin;
    }
}
