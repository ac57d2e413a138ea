package io.amalgam.internal.recipe.yaml;

import io.amalgam.error.BadInputException;
import io.amalgam.error.Problem;
import io.amalgam.recipe.Location;
import java.io.StringReader;
import java.util.ArrayList;
import java.util.List;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.error.MarkedYAMLException;
import org.yaml.snakeyaml.error.YAMLException;
import org.yaml.snakeyaml.nodes.MappingNode;
import org.yaml.snakeyaml.nodes.Node;
import org.yaml.snakeyaml.reader.ReaderException;

/** Text to a tree of nodes with their marks. No object is constructed from tags. */
final class YamlText {
    private static final int MAX_ALIASES = 256;
    private static final int MAX_DEPTH = 50;

    private YamlText() {}

    /**
     * The mappings that recipes are, one for each document that is not empty.
     *
     * @throws BadInputException if the text is not YAML, or a document is no mapping
     */
    static List<MappingNode> parse(String text, RecipeProblems findings) {
        if (text.length() > RecipeText.MAX_LENGTH) {
            throw RecipeText.tooLong(new Location(findings.file(), 0, 0));
        }
        try {
            return parse(new Yaml(options()), text, findings);
        } catch (ReaderException e) {
            String found = String.format("U+%04X", e.getCodePoint());
            throw findings.fatal(
                    RecipeText.place(text, firstBad(text, e), findings.file()),
                    Problem.expected("recipe's text", "printable characters", found)
                            .hint("remove the character"));
        } catch (MarkedYAMLException e) {
            boolean unclosed =
                    SyntaxProblem.isUnclosed(e.getProblem()) && e.getContextMark() != null;
            throw findings.fatal(
                    findings.at(unclosed ? e.getContextMark() : e.getProblemMark()),
                    SyntaxProblem.of(e.getProblem()));
        } catch (YAMLException e) {
            throw findings.fatal(
                    new Location(findings.file(), 0, 0), SyntaxProblem.limit(e.getMessage()));
        } catch (IllegalArgumentException | IndexOutOfBoundsException e) {
            // SnakeYAML's scanner lets these out for escapes such as "\x at the end of the text.
            throw findings.fatal(
                    new Location(findings.file(), 0, 0), SyntaxProblem.of("escape sequence of"));
        }
    }

    /** As {@link #parse(String, RecipeProblems)}, of a text with one document. */
    static MappingNode parseOne(String text, RecipeProblems findings) {
        List<MappingNode> documents = parse(text, findings);
        if (documents.size() > 1) {
            throw findings.fatal(
                    findings.at(documents.get(1)),
                    Problem.expected("documents", "one", documents.size())
                            .hint("put each document into a file of its own"));
        }
        return documents.get(0);
    }

    private static List<MappingNode> parse(Yaml yaml, String text, RecipeProblems findings) {
        List<MappingNode> documents = new ArrayList<>();
        for (Node document : yaml.composeAll(new StringReader(text))) {
            if (document instanceof MappingNode mapping) {
                documents.add(mapping);
            } else if (!Nodes.isNull(document)) {
                throw findings.fatal(findings.at(document), notARecipe(Nodes.describe(document)));
            }
        }
        if (documents.isEmpty()) {
            throw findings.fatal(new Location(findings.file(), 1, 1), notARecipe("nothing"));
        }
        return documents;
    }

    private static Problem notARecipe(String found) {
        return Problem.expected("recipe", "a mapping with 'merge_method'", found)
                .hint("write 'key: value' lines");
    }

    /**
     * The reader counts from the start of what it holds in its buffer, so the place is looked for.
     */
    private static int firstBad(String text, ReaderException e) {
        int index = text.indexOf(e.getCodePoint());
        return index < 0 ? 0 : index;
    }

    private static LoaderOptions options() {
        LoaderOptions options = new LoaderOptions();
        options.setMaxAliasesForCollections(MAX_ALIASES);
        options.setNestingDepthLimit(MAX_DEPTH);
        options.setCodePointLimit(RecipeText.MAX_LENGTH);
        options.setProcessComments(false);
        return options;
    }
}
