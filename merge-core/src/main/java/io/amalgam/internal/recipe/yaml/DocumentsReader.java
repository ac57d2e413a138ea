package io.amalgam.internal.recipe.yaml;

import io.amalgam.error.BadInputException;
import io.amalgam.error.Problem;
import io.amalgam.recipe.Location;
import io.amalgam.recipe.Recipe;
import io.amalgam.recipe.RecipeFile;
import io.amalgam.recipe.RecipeFile.Document;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.regex.Pattern;
import org.yaml.snakeyaml.nodes.MappingNode;
import org.yaml.snakeyaml.nodes.Node;
import org.yaml.snakeyaml.nodes.NodeTuple;

/** The recipes of one text, with their names; what is wrong in any is reported together. */
final class DocumentsReader {
    /** A name is also that of a folder. */
    private static final Pattern NAME = Pattern.compile("[\\p{L}\\p{N}_][\\p{L}\\p{N}_. +=,@()-]*");

    private final String text;
    private final String fileName;
    private final ReadOptions options;
    private final List<Problem> errors = new ArrayList<>();
    private final List<Problem> warnings = new ArrayList<>();
    private final Map<String, Location> names = new HashMap<>();

    /** The first name of those that are one to file systems that know no case. */
    private final Map<String, String> folders = new HashMap<>();

    private Optional<Location> unnamed = Optional.empty();

    DocumentsReader(String text, String fileName, ReadOptions options) {
        this.text = text;
        this.fileName = fileName;
        this.options = options;
    }

    RecipeFile read(List<MappingNode> roots) {
        List<Document> documents = new ArrayList<>();
        for (MappingNode root : roots) {
            try {
                documents.add(document(root, roots.size() == 1));
            } catch (BadInputException e) {
                errors.addAll(e.problems());
                warnings.addAll(e.warnings());
            }
        }
        if (!errors.isEmpty()) {
            documents.forEach(document -> warnings.addAll(document.recipe().warnings()));
            throw new BadInputException(errors, warnings);
        }
        return new RecipeFile(fileName, documents);
    }

    private Document document(MappingNode root, boolean alone) {
        RecipeProblems findings = new RecipeProblems(fileName, options);
        Optional<NodeTuple> entry =
                Optional.ofNullable(new MergeKeys(findings).entries(root).get("name"))
                        .filter(tuple -> !Nodes.isNull(tuple.getValueNode()));
        if (alone) {
            entry.ifPresent(
                    tuple ->
                            findings.warning(
                                    tuple.getKeyNode(),
                                    Problem.of("'name' has no effect in a recipe of one document")
                                            .hint("remove it")));
            return Document.of(RecipeReader.read(root, text, findings));
        }
        Optional<Node> name = entry.map(NodeTuple::getValueNode);
        name.ifPresentOrElse(
                node -> check(node, findings), () -> countUnnamed(findings.at(root), findings));
        String own = name.isPresent() ? textOf(root) : text;
        Recipe recipe = RecipeReader.read(root, own, findings);
        return new Document(
                name.flatMap(Nodes::string), name.map(findings::at).orElse(Location.NONE), recipe);
    }

    private void check(Node node, RecipeProblems findings) {
        Optional<String> name = Nodes.string(node);
        if (name.isEmpty() || !NAME.matcher(name.get()).matches()) {
            findings.error(
                    node,
                    Problem.expected(
                                    "'name'", "a name that a folder can have", Nodes.describe(node))
                            .hint("begin with a letter or digit, and use no '/' or '\\'"));
            return;
        }
        Location earlier = names.putIfAbsent(name.get(), findings.at(node));
        if (earlier != null) {
            findings.error(
                    node,
                    Problem.of(
                                    "two documents are named "
                                            + Nodes.quote(name.get())
                                            + ", the other in line "
                                            + earlier.line())
                            .hint("rename one of them"));
            return;
        }
        String other = folders.putIfAbsent(name.get().toLowerCase(Locale.ROOT), name.get());
        if (other != null) {
            Location place = Objects.requireNonNull(names.get(other));
            findings.warning(
                    node,
                    Problem.of(
                                    "two documents are named alike but for upper and lower case, "
                                            + Nodes.quote(name.get())
                                            + " and "
                                            + Nodes.quote(other)
                                            + " in line "
                                            + place.line())
                            .hint("their folders are one on some file systems: rename one"));
        }
    }

    private void countUnnamed(Location place, RecipeProblems findings) {
        if (unnamed.isPresent()) {
            findings.error(
                    place,
                    Problem.of(
                                    "two documents have no 'name', the other in line "
                                            + unnamed.get().line())
                            .hint(
                                    "name all but the last merge, so that it can use the others' results"));
        } else {
            unnamed = Optional.of(place);
        }
    }

    /** The part of the text that a document is. Marks count code points. */
    private String textOf(MappingNode root) {
        int begin = text.offsetByCodePoints(0, root.getStartMark().getIndex());
        int end = text.offsetByCodePoints(0, root.getEndMark().getIndex());
        return text.substring(begin, end).stripTrailing() + "\n";
    }
}
