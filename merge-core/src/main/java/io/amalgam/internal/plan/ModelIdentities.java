package io.amalgam.internal.plan;

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

/**
 * A recipe in which two spellings of one model are equal: duplicates, the base among the models and
 * the base of a slice are all found by the equality of references.
 */
final class ModelIdentities {
    private final UnaryOperator<ModelRef> identified;

    /**
     * @param identified which model a reference means
     */
    ModelIdentities(UnaryOperator<ModelRef> identified) {
        this.identified =
                ref -> {
                    ModelRef known = identified.apply(ref);
                    return known.aligned(
                            known.alignment().map(to -> to.to(identified.apply(to.to()))));
                };
    }

    Recipe in(Recipe recipe) {
        return recipe.withModels(
                entries(recipe.models()),
                slices(recipe.slices()),
                recipe.modules().stream().map(this::module).toList(),
                recipe.baseModel().map(identified),
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
                                        identified.apply(entry.model()),
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
                                        slice.baseModel().map(identified),
                                        slice.parameters(),
                                        slice.location()))
                .toList();
    }

    private LayerSource source(LayerSource source) {
        return new LayerSource(
                identified.apply(source.model()),
                source.start(),
                source.end(),
                source.parameters(),
                source.location());
    }

    private TokenizerSection tokenizer(TokenizerSection section) {
        Vocabulary vocabulary =
                section.vocabulary() instanceof Vocabulary.Of of
                        ? new Vocabulary.Of(identified.apply(of.model()))
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
            return new Origin.SameToken(identified.apply(same.model()));
        }
        if (origin instanceof Origin.OtherToken other) {
            return new Origin.OtherToken(identified.apply(other.model()), other.token());
        }
        return origin instanceof Origin.Row row
                ? new Origin.Row(identified.apply(row.model()), row.id())
                : origin;
    }
}
