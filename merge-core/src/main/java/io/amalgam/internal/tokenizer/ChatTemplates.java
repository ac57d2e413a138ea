package io.amalgam.internal.tokenizer;

import com.fasterxml.jackson.databind.JsonNode;
import io.amalgam.recipe.Recipe.ChatTemplate;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Chat templates: those that come with the library, and those that models have. */
public final class ChatTemplates {
    /** The file of a template beside a tokenizer. */
    static final String FILE = "chat_template.jinja";

    private static final Pattern MARKER = Pattern.compile("<\\|\\w+\\|>|\\[\\|\\w+\\|]");

    private ChatTemplates() {}

    /**
     * The template a recipe asks for; empty if it asks for the models' and none of them has one.
     *
     * @param models directories of the models, in the recipe's order
     * @throws IOException if a model's template cannot be read
     */
    public static Optional<String> text(ChatTemplate wanted, Collection<Path> models)
            throws IOException {
        if (wanted instanceof ChatTemplate.Literal literal) {
            return Optional.of(literal.text());
        }
        if (wanted instanceof ChatTemplate.BuiltIn builtIn) {
            return Optional.of(builtIn(builtIn.name()));
        }
        Map<String, Integer> votes = new LinkedHashMap<>();
        for (Path model : models) {
            of(model).ifPresent(template -> votes.merge(template, 1, Integer::sum));
        }
        String most = null;
        for (Map.Entry<String, Integer> vote : votes.entrySet()) {
            if (most == null || vote.getValue() > votes.getOrDefault(most, 0)) {
                most = vote.getKey();
            }
        }
        return Optional.ofNullable(most);
    }

    private static String builtIn(String name) {
        try (InputStream in = ChatTemplates.class.getResourceAsStream(name + ".jinja")) {
            if (in == null) {
                throw new IllegalArgumentException("no template '" + name + "'");
            }
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** A model's own template, without white space around it. */
    private static Optional<String> of(Path model) throws IOException {
        Path file = model.resolve(FILE);
        if (Files.isRegularFile(file)) {
            return Optional.of(Files.readString(file).strip());
        }
        Path config = model.resolve("tokenizer_config.json");
        if (!Files.isRegularFile(config)) {
            return Optional.empty();
        }
        JsonNode template = JsonText.readObject(config).path("chat_template");
        if (template.isObject()) {
            template = template.path("default");
        }
        for (JsonNode named : template) {
            if (named.path("name").asText().equals("default")) {
                return Optional.of(named.path("template").asText().strip());
            }
        }
        return template.isTextual() ? Optional.of(template.asText().strip()) : Optional.empty();
    }

    /**
     * Tokens that a template plainly writes, in the spellings such tokens have: {@code <|name|>},
     * {@code [|name|]}.
     */
    public static Set<String> tokens(String template) {
        Set<String> tokens = new LinkedHashSet<>();
        Matcher matcher = MARKER.matcher(template);
        while (matcher.find()) {
            tokens.add(matcher.group());
        }
        return tokens;
    }
}
