package io.amalgam.internal.recipe.yaml;

import io.amalgam.error.BadInputException;
import io.amalgam.error.Problem;
import io.amalgam.error.Suggestions;
import io.amalgam.internal.recipe.SearchRange;
import io.amalgam.recipe.Location;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import org.yaml.snakeyaml.DumperOptions.FlowStyle;
import org.yaml.snakeyaml.nodes.MappingNode;
import org.yaml.snakeyaml.nodes.Node;
import org.yaml.snakeyaml.nodes.NodeTuple;
import org.yaml.snakeyaml.nodes.ScalarNode;
import org.yaml.snakeyaml.nodes.SequenceNode;

/**
 * Reads the ranges of a search: the key {@code search} at the top level of a recipe.
 *
 * <pre>
 * search:
 *   scale: [0, 1]
 *   density: {range: [0.01, 1], log: true, start: 0.2}
 *   k: {integers: [1, 8]}
 *   method: {choices: [ties, dare_ties]}
 * </pre>
 */
public final class SearchReader {
    private static final String KEY = "search";
    private static final String FORMS =
            "[LOW, HIGH], {range: [LOW, HIGH]}, {integers: [LOW, HIGH]} or {choices: [A, B, ...]}";
    private static final List<String> KINDS = List.of("range", "integers", "choices");
    private static final List<String> MORE = List.of("log", "start");

    private final RecipeProblems findings;
    private final List<SearchRange> ranges = new ArrayList<>();
    private final Set<Integer> lines = new HashSet<>();

    private SearchReader(RecipeProblems findings) {
        this.findings = findings;
    }

    /**
     * What a recipe says of its search.
     *
     * @param lines of the text that say it, from 0
     */
    public record Section(List<SearchRange> ranges, Set<Integer> lines) {
        public Section {
            ranges = List.copyOf(ranges);
            lines = Set.copyOf(lines);
        }
    }

    /**
     * Reads the ranges of all documents of a text, in order; none where no document has any.
     *
     * @param text in which places hold any plain text of their own length
     * @param file for messages
     * @throws BadInputException with all problems found
     */
    public static Section read(String text, String file) {
        RecipeProblems findings = new RecipeProblems(file, new ReadOptions(true));
        SearchReader reader = new SearchReader(findings);
        boolean marked = text.indexOf(RecipeText.BYTE_ORDER_MARK) == 0;
        String unmarked = marked ? text.substring(1) : text;
        for (MappingNode document : YamlText.parse(unmarked, findings)) {
            reader.document(document);
        }
        findings.throwIfAny();
        return new Section(reader.ranges, reader.lines);
    }

    private void document(MappingNode document) {
        for (NodeTuple entry : document.getValue()) {
            Node key = entry.getKeyNode();
            if (!Nodes.string(key).equals(Optional.of(KEY))) {
                continue;
            }
            if (document.getFlowStyle() == FlowStyle.FLOW) {
                findings.error(
                        key,
                        Problem.expected("'search'", "lines of its own", "a key within braces")
                                .hint("write the recipe without braces around it"));
                return;
            }
            Node value = entry.getValueNode();
            for (int line = key.getStartMark().getLine(); line <= lastLine(value); line++) {
                lines.add(line);
            }
            ranges(value);
        }
    }

    /** The line a node ends on; what is said of a block goes up to whatever follows it. */
    private static int lastLine(Node node) {
        if (node instanceof MappingNode block
                && block.getFlowStyle() == FlowStyle.BLOCK
                && !block.getValue().isEmpty()) {
            List<NodeTuple> entries = block.getValue();
            return lastLine(entries.get(entries.size() - 1).getValueNode());
        }
        if (node instanceof SequenceNode block
                && block.getFlowStyle() == FlowStyle.BLOCK
                && !block.getValue().isEmpty()) {
            return lastLine(block.getValue().get(block.getValue().size() - 1));
        }
        return node.getEndMark().getLine();
    }

    private void ranges(Node value) {
        if (!(value instanceof MappingNode mapping) || mapping.getValue().isEmpty()) {
            findings.error(
                    value,
                    Problem.expected("'search'", "names with ranges", Nodes.describe(value))
                            .hint("write lines such as 'scale: [0, 1]' below it"));
            return;
        }
        for (NodeTuple entry : mapping.getValue()) {
            String name = entry.getKeyNode() instanceof ScalarNode scalar ? scalar.getValue() : "";
            if (!name.matches("[A-Za-z_][A-Za-z0-9_]*")) {
                findings.error(
                        entry.getKeyNode(),
                        Problem.expected(
                                        "name of a range",
                                        "letters, digits and '_'",
                                        Nodes.describe(entry.getKeyNode()))
                                .hint("it stands for '${name}' in the recipe"));
            } else if (ranges.stream().anyMatch(range -> range.name().equals(name))) {
                findings.error(
                        entry.getKeyNode(), Problem.of("two ranges are named '" + name + "'"));
            } else {
                range(name, entry.getKeyNode(), entry.getValueNode()).ifPresent(ranges::add);
            }
        }
    }

    private Optional<SearchRange> range(String name, Node at, Node value) {
        if (value instanceof SequenceNode list) {
            return numbers(name, at, list, false, false, Optional.empty());
        }
        if (!(value instanceof MappingNode mapping)) {
            return refuse(name, value, FORMS, Nodes.describe(value), "give its ends");
        }
        Map<String, Node> keys = new TreeMap<>();
        for (NodeTuple entry : mapping.getValue()) {
            String key = entry.getKeyNode() instanceof ScalarNode scalar ? scalar.getValue() : "";
            if (!KINDS.contains(key) && !MORE.contains(key)) {
                List<String> known = new ArrayList<>(KINDS);
                known.addAll(MORE);
                findings.error(
                        entry.getKeyNode(),
                        Problem.of("unknown key '" + key + "' in the range of '" + name + "'")
                                .hint(
                                        Suggestions.didYouMean(
                                                key,
                                                known,
                                                "known here: " + String.join(", ", known))));
                return Optional.empty();
            }
            keys.put(key, entry.getValueNode());
        }
        List<String> kinds = KINDS.stream().filter(keys::containsKey).toList();
        if (kinds.size() != 1) {
            String got = kinds.isEmpty() ? "none of them" : String.join(" and ", kinds);
            return refuse(name, value, "one of " + String.join(", ", KINDS), got, "give one");
        }
        Optional<Node> start = Optional.ofNullable(keys.get("start"));
        Node values = Objects.requireNonNull(keys.get(kinds.get(0)));
        if (!(values instanceof SequenceNode list)) {
            return refuse(name, values, "a list", Nodes.describe(values), "write it in brackets");
        }
        if (kinds.get(0).equals("choices")) {
            return choices(name, at, list, keys.containsKey("log"), start);
        }
        return numbers(
                name, at, list, kinds.get(0).equals("integers"), log(name, keys.get("log")), start);
    }

    private boolean log(String name, @org.jspecify.annotations.Nullable Node value) {
        if (value == null) {
            return false;
        }
        Optional<Object> said =
                value instanceof ScalarNode scalar ? Nodes.tryValue(scalar) : Optional.empty();
        if (said.isPresent() && said.get() instanceof Boolean truth) {
            return truth;
        }
        refuse(name, value, "log: true or false", Nodes.describe(value), "give one of them");
        return false;
    }

    private Optional<SearchRange> numbers(
            String name,
            Node at,
            SequenceNode list,
            boolean whole,
            boolean log,
            Optional<Node> start) {
        List<Double> ends = new ArrayList<>();
        for (Node item : list.getValue()) {
            number(item, whole).ifPresent(ends::add);
        }
        String kind = whole ? "whole numbers" : "numbers";
        if (list.getValue().size() != 2 || ends.size() != 2) {
            return refuse(name, list, "two " + kind, shown(list), "give its lower and upper end");
        }
        double low = ends.get(0);
        double high = ends.get(1);
        if (low >= high) {
            return refuse(
                    name, list, "the lower end before the upper", shown(list), "turn it round");
        }
        if (log && low <= 0) {
            return refuse(
                    name,
                    list,
                    "numbers above 0 with 'log: true'",
                    shown(list),
                    "raise its lower end");
        }
        double middle = log ? Math.sqrt(low * high) : (low + high) / 2;
        if (start.isPresent()) {
            Optional<Double> given = number(start.get(), whole).filter(v -> v >= low && v <= high);
            if (given.isEmpty()) {
                return refuse(
                        name,
                        start.get(),
                        "a start within " + shown(list),
                        Nodes.describe(start.get()),
                        "change it, or leave it out");
            }
            middle = given.get();
        }
        Location place = findings.at(at);
        return Optional.of(
                whole
                        ? new SearchRange.Whole(name, (long) low, (long) high, log, middle, place)
                        : new SearchRange.Real(name, low, high, log, middle, place));
    }

    private static Optional<Double> number(Node node, boolean whole) {
        if (!(node instanceof ScalarNode scalar)) {
            return Optional.empty();
        }
        Optional<Object> value = Nodes.tryValue(scalar);
        double number;
        if (value.isPresent() && value.get() instanceof Number given) {
            number = given.doubleValue();
        } else {
            // YAML 1.1 takes 1e-3 for a text.
            try {
                number = Double.parseDouble(scalar.getValue());
            } catch (NumberFormatException e) {
                return Optional.empty();
            }
        }
        boolean fits = !whole || (number == Math.rint(number) && Math.abs(number) < 1e15);
        return Double.isFinite(number) && fits ? Optional.of(number) : Optional.empty();
    }

    private Optional<SearchRange> choices(
            String name, Node at, SequenceNode list, boolean log, Optional<Node> start) {
        List<String> values = new ArrayList<>();
        for (Node item : list.getValue()) {
            if (item instanceof ScalarNode scalar) {
                values.add(scalar.getValue());
            } else {
                return refuse(
                        name,
                        item,
                        "choices of one word or number",
                        Nodes.describe(item),
                        "quote it");
            }
        }
        if (values.isEmpty() || values.stream().distinct().count() < values.size()) {
            return refuse(
                    name,
                    list,
                    "choices, each once",
                    values.isEmpty() ? "an empty list" : shown(list),
                    "change the list");
        }
        if (log) {
            return refuse(name, list, "numbers with 'log'", "choices", "remove 'log'");
        }
        int begin = 0;
        if (start.isPresent()) {
            begin =
                    start.get() instanceof ScalarNode scalar
                            ? values.indexOf(scalar.getValue())
                            : -1;
            if (begin < 0) {
                return refuse(
                        name,
                        start.get(),
                        "a start that is one of the choices",
                        Nodes.describe(start.get()),
                        "change it, or leave it out");
            }
        }
        return Optional.of(new SearchRange.Choice(name, values, begin, findings.at(at)));
    }

    private static String shown(SequenceNode list) {
        List<String> items = new ArrayList<>();
        for (Node item : list.getValue()) {
            items.add(item instanceof ScalarNode scalar ? scalar.getValue() : Nodes.describe(item));
        }
        return "[" + String.join(", ", items) + "]";
    }

    private Optional<SearchRange> refuse(
            String name, Node at, String expected, String got, String hint) {
        findings.error(at, Problem.expected("range of '" + name + "'", expected, got).hint(hint));
        return Optional.empty();
    }
}
