package io.amalgam.internal.recipe.yaml;

import io.amalgam.error.Problem;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import org.yaml.snakeyaml.nodes.Tag;

/** Translates errors of the YAML parser into the terms of recipes. */
final class SyntaxProblem {
    private SyntaxProblem() {}

    /** Said in place of the parser's text where that begins with or contains {@code sign}. */
    private record Translation(String sign, String what, String hint) {}

    private static final String GLOBAL_TAG = "Global tag is not allowed:";

    private static final List<String> UNCLOSED =
            List.of("found unexpected end of stream", "expected ',' or ']'", "expected ',' or '}'");

    private static final List<Translation> TRANSLATIONS =
            List.of(
                    new Translation("(TAB)", "tab in the indentation", "indent with spaces"),
                    new Translation(
                            "that cannot start any token",
                            "a value cannot start with this character",
                            "put the value in single quotes"),
                    new Translation(
                            "unknown escape character",
                            "unknown escape in a double-quoted value",
                            "use single quotes, where a backslash is only itself"),
                    new Translation(
                            "escape sequence of",
                            "unfinished or impossible escape",
                            "use single quotes, where a backslash is only itself"),
                    new Translation(
                            "mapping values are not allowed here",
                            "a key is not expected here",
                            "check the indentation and the lines above,"
                                    + " and quote values that contain ': '"),
                    new Translation(
                            "sequence entries are not allowed here",
                            "a list item is not expected here",
                            "begin the list on a line of its own"),
                    new Translation(
                            "could not find expected ':'",
                            "a line is not a 'key: value'",
                            "add ': ' and a value, or correct the indentation"),
                    new Translation(
                            "unexpected character found",
                            "name missing after '*' or '&'",
                            "quote a star that is meant as text: '*'"),
                    new Translation(
                            "found unexpected end of stream",
                            "a quote is not closed",
                            "add the closing quote"),
                    new Translation(
                            "expected ',' or ']'", "a list's '[' is not closed", "add ',' or ']'"),
                    new Translation(
                            "expected ',' or '}'",
                            "a mapping's '{' is not closed",
                            "add ',' or '}'"),
                    new Translation(
                            "expected <block end>",
                            "unexpected indentation or text",
                            "align the keys of a mapping and the dashes of a list"),
                    new Translation(
                            "expected '<document start>'",
                            "unexpected text after the recipe",
                            "check brackets and indentation"));

    /**
     * Whether what is wrong began where the parser's context did, and not where the parser noticed.
     */
    static boolean isUnclosed(String parserText) {
        return UNCLOSED.stream().anyMatch(parserText::contains);
    }

    static Problem of(String parserText) {
        String text = parserText.replaceAll("\\s+", " ").strip();
        if (text.startsWith("found undefined alias")) {
            String name = text.substring("found undefined alias".length()).strip();
            return Problem.of("no anchor '&" + name + "' for the alias '*" + name + "'")
                    .hint("quote a star that is meant as text: '*" + name + "'");
        }
        if (text.startsWith(GLOBAL_TAG)) {
            String tag = text.substring(GLOBAL_TAG.length()).replace(Tag.PREFIX, "!!").strip();
            return NodeCheck.tagged(tag);
        }
        for (Translation translation : TRANSLATIONS) {
            if (text.contains(translation.sign())) {
                return Problem.of("not valid yaml: " + translation.what()).hint(translation.hint());
            }
        }
        return Problem.of("not valid yaml: " + lowerFirst(text));
    }

    /** Limits have no place in the text. */
    static Problem limit(@Nullable String parserText) {
        String text = parserText == null ? "" : parserText.toLowerCase(Locale.ROOT);
        if (text.contains("aliases")) {
            return Problem.of("too many aliases of lists and mappings")
                    .hint("write some of them out");
        }
        if (text.contains("nesting")) {
            return Problem.of("lists and mappings are nested too deeply")
                    .hint("check the brackets");
        }
        return Problem.of("not valid yaml: " + text.replaceAll("\\s+", " ").strip());
    }

    private static String lowerFirst(String text) {
        return text.isEmpty()
                ? text
                : text.substring(0, 1).toLowerCase(Locale.ROOT) + text.substring(1);
    }
}
