package io.amalgam.recipe;

import java.util.List;

/** The template a merged model's tokenizer makes prompts of conversations with. */
public sealed interface ChatTemplate {
    /** Templates that come with this library, by the names recipes use. */
    List<String> BUILT_IN = List.of("alpaca", "chatml", "exaone", "llama3", "mistral");

    /** Where the recipe says so. */
    Location location();

    /** The one most of the models have. */
    record Auto(Location location) implements ChatTemplate {}

    /**
     * @param name one of {@link #BUILT_IN}
     */
    record BuiltIn(String name, Location location) implements ChatTemplate {}

    /**
     * @param text in Jinja's language; not looked into
     */
    record Literal(String text, Location location) implements ChatTemplate {}
}
