package io.amalgam.recipe;

import io.amalgam.recipe.OutputSlice.LayerSource;
import io.amalgam.recipe.ParameterValue.Filtered;
import io.amalgam.recipe.ParameterValue.Gradient;
import io.amalgam.recipe.ParameterValue.Scalar;
import io.amalgam.recipe.Recipe.ChatTemplate;
import io.amalgam.recipe.TokenizerSection.TokenRule;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Recipes reduced to what they say: without places, text and warnings, every number a Double. */
final class PlainRecipe {
    private PlainRecipe() {}

    static Recipe of(Recipe recipe) {
        return new Recipe(
                "",
                "",
                recipe.method(),
                Location.NONE,
                plain(recipe.models()),
                recipe.slices().stream().map(PlainRecipe::plain).toList(),
                recipe.modules().stream().map(PlainRecipe::plain).toList(),
                recipe.baseModel(),
                plain(recipe.parameters()),
                recipe.dtype(),
                recipe.outDtype(),
                recipe.quantised().map(q -> new Recipe.QuantisedType(q.name(), Location.NONE)),
                recipe.tokenizer().map(PlainRecipe::plain),
                recipe.chatTemplate().map(PlainRecipe::plain),
                Location.NONE,
                List.of());
    }

    private static TokenizerSection plain(TokenizerSection section) {
        Map<String, TokenRule> tokens = new LinkedHashMap<>();
        section.tokens()
                .forEach(
                        (token, rule) ->
                                tokens.put(
                                        token,
                                        new TokenRule(rule.origin(), rule.force(), Location.NONE)));
        return new TokenizerSection(section.vocabulary(), tokens, section.padTo(), Location.NONE);
    }

    private static ChatTemplate plain(ChatTemplate template) {
        if (template instanceof ChatTemplate.Literal literal) {
            return new ChatTemplate.Literal(literal.text(), Location.NONE);
        }
        return template instanceof ChatTemplate.BuiltIn builtIn
                ? new ChatTemplate.BuiltIn(builtIn.name(), Location.NONE)
                : new ChatTemplate.Auto(Location.NONE);
    }

    private static List<ModelEntry> plain(List<ModelEntry> models) {
        return models.stream()
                .map(
                        entry ->
                                new ModelEntry(
                                        entry.model(),
                                        plain(entry.parameters()),
                                        entry.statistics(),
                                        Location.NONE))
                .toList();
    }

    private static ModuleSection plain(ModuleSection module) {
        return new ModuleSection(
                module.name(),
                plain(module.models()),
                module.slices().stream().map(PlainRecipe::plain).toList(),
                plain(module.parameters()),
                Location.NONE);
    }

    private static OutputSlice plain(OutputSlice slice) {
        return new OutputSlice(
                slice.sources().stream().map(PlainRecipe::plain).toList(),
                slice.baseModel(),
                plain(slice.parameters()),
                Location.NONE);
    }

    private static LayerSource plain(LayerSource source) {
        return new LayerSource(
                source.model(),
                source.start(),
                source.end(),
                plain(source.parameters()),
                Location.NONE);
    }

    private static Parameters plain(Parameters parameters) {
        Map<String, ParameterValue> values = new LinkedHashMap<>();
        for (String name : parameters.names()) {
            values.put(name, plain(parameters.get(name).orElseThrow()));
        }
        return Parameters.of(values);
    }

    private static ParameterValue plain(ParameterValue value) {
        if (value instanceof Scalar scalar) {
            return new Scalar(plain(scalar.value()), Location.NONE);
        }
        if (value instanceof Gradient gradient) {
            return new Gradient(
                    gradient.values().stream().map(PlainRecipe::plain).toList(), Location.NONE);
        }
        return new Filtered(
                ((Filtered) value)
                        .entries().stream()
                                .map(
                                        entry ->
                                                new Filtered.Entry(
                                                        entry.filter(),
                                                        plain(entry.value()),
                                                        Location.NONE))
                                .toList(),
                Location.NONE);
    }

    private static Object plain(Object value) {
        return value instanceof Number number ? (Object) number.doubleValue() : value;
    }
}
