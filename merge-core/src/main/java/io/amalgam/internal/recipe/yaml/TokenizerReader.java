package io.amalgam.internal.recipe.yaml;

import io.amalgam.error.Problem;
import io.amalgam.error.Suggestions;
import io.amalgam.recipe.ModelRef;
import io.amalgam.recipe.ParameterValue.Scalar;
import io.amalgam.recipe.Recipe.ChatTemplate;
import io.amalgam.recipe.TokenizerSection;
import io.amalgam.recipe.TokenizerSection.TokenRule;
import io.amalgam.recipe.TokenizerSection.Vocabulary;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.yaml.snakeyaml.nodes.MappingNode;
import org.yaml.snakeyaml.nodes.Node;
import org.yaml.snakeyaml.nodes.NodeTuple;
import org.yaml.snakeyaml.nodes.ScalarNode;

/** Reads {@code tokenizer}, {@code tokenizer_source} and {@code chat_template}. */
final class TokenizerReader {
    /** Hardware asks for hundreds at most; each row of padding is held as a number. */
    private static final int LARGEST_MULTIPLE = 1 << 16;

    /** How recipes of mergekit's first versions marked a model. */
    private static final String MODEL_PREFIX = "model:";

    private static final String SOURCES = "'union', 'base' or a model";
    private static final String ORIGINS =
            "a model, {kind: zero} or {kind: model_token, model: ..., token: ...}";
    private static final List<String> KINDS = List.of("zero", "model_token");

    /** Shorter texts are misspelt names, not templates. */
    private static final int SHORTEST_TEMPLATE = 20;

    private final ReadContext reading;
    private final RecipeProblems findings;
    private final ModelRefReader references;

    TokenizerReader(ReadContext reading, ModelRefReader references) {
        this.reading = reading;
        this.findings = reading.findings();
        this.references = references;
    }

    Optional<TokenizerSection> read(Fields recipe) {
        Optional<Node> section = recipe.get("tokenizer");
        Optional<Node> source = recipe.get("tokenizer_source");
        if (section.isPresent() && source.isPresent()) {
            findings.error(
                    recipe.key("tokenizer_source"),
                    Problem.of("'tokenizer' and 'tokenizer_source' exclude each other")
                            .hint("keep 'tokenizer'"));
        }
        if (section.isPresent()) {
            return section(section.get());
        }
        return source.flatMap(
                node ->
                        vocabulary("tokenizer_source", node)
                                .map(
                                        vocabulary ->
                                                new TokenizerSection(
                                                        vocabulary,
                                                        Map.of(),
                                                        Optional.empty(),
                                                        findings.at(
                                                                recipe.key("tokenizer_source")))));
    }

    private Optional<TokenizerSection> section(Node node) {
        if (!(node instanceof MappingNode mapping)) {
            findings.error(
                    node,
                    Problem.expected("'tokenizer'", "a mapping", Nodes.describe(node))
                            .hint("write 'tokenizer: {source: union}'"));
            return Optional.empty();
        }
        Fields fields = Fields.of(mapping, MappingKind.TOKENIZER, reading);
        Optional<Vocabulary> vocabulary =
                fields.get("source")
                        .map(source -> vocabulary("source", source))
                        .orElse(Optional.of(new Vocabulary.Union()));
        Map<String, TokenRule> tokens = fields.get("tokens").map(this::tokens).orElse(Map.of());
        Optional<Integer> padTo =
                fields.get("pad_to_multiple_of")
                        .flatMap(
                                value ->
                                        wholeNumber(
                                                "pad_to_multiple_of", value, 1, LARGEST_MULTIPLE));
        return vocabulary.map(v -> new TokenizerSection(v, tokens, padTo, fields.location()));
    }

    private Optional<Vocabulary> vocabulary(String key, Node node) {
        String text = Nodes.string(node).orElse("");
        if (text.equals("union")) {
            return Optional.of(new Vocabulary.Union());
        }
        if (text.equals("base")) {
            return Optional.of(new Vocabulary.Base());
        }
        if (text.isEmpty() && !(node instanceof MappingNode)) {
            findings.error(node, Problem.expected("'" + key + "'", SOURCES, Nodes.describe(node)));
            return Optional.empty();
        }
        if (text.startsWith(MODEL_PREFIX)) {
            findings.error(
                    node,
                    Problem.expected("'" + key + "'", SOURCES, Nodes.describe(node))
                            .hint(
                                    "leave out the prefix '%s': write '%s'"
                                            .formatted(
                                                    MODEL_PREFIX,
                                                    text.substring(MODEL_PREFIX.length())
                                                            .strip())));
            return Optional.empty();
        }
        return references.read(key, node).map(Vocabulary.Of::new);
    }

    private Map<String, TokenRule> tokens(Node node) {
        if (!(node instanceof MappingNode mapping)) {
            findings.error(
                    node,
                    Problem.expected("'tokens'", "a mapping", Nodes.describe(node))
                            .hint("write each as \"'<token>': {source: path/of/a/model}\""));
            return Map.of();
        }
        Map<String, TokenRule> rules = new LinkedHashMap<>();
        for (Map.Entry<String, NodeTuple> entry : reading.merges().entries(mapping).entrySet()) {
            rule(entry.getKey(), entry.getValue())
                    .ifPresent(rule -> rules.put(entry.getKey(), rule));
        }
        return rules;
    }

    private Optional<TokenRule> rule(String token, NodeTuple entry) {
        Node node = entry.getValueNode();
        String what = "token " + Nodes.quote(token);
        if (token.isEmpty() || !(node instanceof MappingNode mapping)) {
            findings.error(
                    entry.getKeyNode(),
                    Problem.expected(
                                    what,
                                    token.isEmpty() ? "some text" : "a mapping",
                                    token.isEmpty() ? "nothing" : Nodes.describe(node))
                            .hint("write \"'<token>': {source: path/of/a/model}\""));
            return Optional.empty();
        }
        Fields fields = Fields.of(mapping, MappingKind.TOKEN, reading);
        boolean force = fields.get("force").flatMap(value -> truth(what, value)).orElse(false);
        return fields.required("source", "write " + ORIGINS)
                .flatMap(source -> origin(what, source))
                .map(origin -> new TokenRule(origin, force, findings.at(entry.getKeyNode())));
    }

    private Optional<Boolean> truth(String what, Node node) {
        Optional<Object> value =
                node instanceof ScalarNode scalar ? Nodes.tryValue(scalar) : Optional.empty();
        if (value.isPresent() && value.get() instanceof Boolean truth) {
            return Optional.of(truth);
        }
        findings.error(
                node,
                Problem.expected("'force' of " + what, "true or false", Nodes.describe(node)));
        return Optional.empty();
    }

    private Optional<TokenRule.Origin> origin(String what, Node node) {
        boolean kinds =
                node instanceof MappingNode mapping
                        && reading.merges().entries(mapping).containsKey("kind");
        if (kinds) {
            return origin(what, Fields.of((MappingNode) node, MappingKind.TOKEN_SOURCE, reading));
        }
        if (Nodes.string(node).isEmpty() && !(node instanceof MappingNode)) {
            findings.error(
                    node, Problem.expected("'source' of " + what, ORIGINS, Nodes.describe(node)));
            return Optional.empty();
        }
        return references.read("source", node).map(TokenRule.Origin.SameToken::new);
    }

    private Optional<TokenRule.Origin> origin(String what, Fields fields) {
        Optional<Node> kindNode = fields.required("kind", "write " + ORIGINS);
        if (kindNode.isEmpty()) {
            return Optional.empty();
        }
        String kind = Nodes.string(kindNode.get()).orElse("");
        if (!KINDS.contains(kind)) {
            findings.error(
                    kindNode.get(),
                    Problem.expected(
                                    "'kind' of the source of " + what,
                                    "'zero' or 'model_token'",
                                    Nodes.describe(kindNode.get()))
                            .hint(
                                    Suggestions.didYouMean(
                                            kind, KINDS, "a model alone needs no kind")));
            return Optional.empty();
        }
        if (kind.equals("zero")) {
            return Optional.of(new TokenRule.Origin.Zero());
        }
        return modelToken(what, fields);
    }

    private Optional<TokenRule.Origin> modelToken(String what, Fields fields) {
        Optional<ModelRef> model =
                fields.required("model", "name the model whose token it is")
                        .flatMap(value -> references.read("model", value));
        List<String> given = new ArrayList<>(List.of("token", "token_id"));
        given.removeIf(key -> fields.get(key).isEmpty());
        if (given.size() != 1) {
            findings.error(
                    fields.node(),
                    Problem.expected(
                                    "source of " + what,
                                    "one of 'token' and 'token_id'",
                                    given.isEmpty() ? "none" : "both")
                            .hint("write {kind: model_token, model: ..., token: ...}"));
            return Optional.empty();
        }
        if (given.get(0).equals("token_id")) {
            Optional<Integer> id =
                    fields.get("token_id")
                            .flatMap(value -> wholeNumber("token_id", value, 0, Integer.MAX_VALUE));
            return model.flatMap(ref -> id.map(row -> new TokenRule.Origin.Row(ref, row)));
        }
        Optional<String> token = fields.get("token").flatMap(value -> text("token", value));
        return model.flatMap(ref -> token.map(text -> new TokenRule.Origin.OtherToken(ref, text)));
    }

    /** Any scalar's text: a token may look like a number. */
    private Optional<String> text(String key, Node node) {
        if (node instanceof ScalarNode scalar && !scalar.getValue().isEmpty()) {
            return Optional.of(scalar.getValue());
        }
        findings.error(node, Problem.expected("'" + key + "'", "text", Nodes.describe(node)));
        return Optional.empty();
    }

    private Optional<Integer> wholeNumber(String key, Node node, int least, int most) {
        Optional<Object> value =
                node instanceof ScalarNode scalar ? Nodes.tryValue(scalar) : Optional.empty();
        double number = value.map(v -> Scalar.number(v).orElse(-1)).orElse(-1.0);
        if (number == Math.rint(number) && number >= least && number <= most) {
            return Optional.of((int) number);
        }
        findings.error(
                node,
                Problem.expected(
                        "'" + key + "'",
                        "a whole number from "
                                + least
                                + (most == Integer.MAX_VALUE ? " up" : " to " + most),
                        Nodes.describe(node)));
        return Optional.empty();
    }

    Optional<ChatTemplate> chatTemplate(Fields recipe) {
        return recipe.get("chat_template").flatMap(this::chatTemplate);
    }

    private Optional<ChatTemplate> chatTemplate(Node node) {
        String text = Nodes.string(node).orElse("");
        if (text.equals("auto")) {
            return Optional.of(new ChatTemplate.Auto(findings.at(node)));
        }
        if (ChatTemplate.BUILT_IN.contains(text)) {
            return Optional.of(new ChatTemplate.BuiltIn(text, findings.at(node)));
        }
        if (text.length() >= SHORTEST_TEMPLATE && text.contains("{")) {
            return Optional.of(new ChatTemplate.Literal(text, findings.at(node)));
        }
        Problem problem =
                Problem.expected(
                        "'chat_template'",
                        "'auto', one of "
                                + String.join(", ", ChatTemplate.BUILT_IN)
                                + ", or a template of at least "
                                + SHORTEST_TEMPLATE
                                + " characters with '{'",
                        Nodes.describe(node));
        List<String> names = new ArrayList<>(ChatTemplate.BUILT_IN);
        names.add("auto");
        findings.error(
                node,
                Suggestions.nearest(text, names)
                        .map(name -> problem.hint("did you mean '" + name + "'?"))
                        .orElse(problem));
        return Optional.empty();
    }
}
