package io.amalgam.internal.recipe.yaml;

import java.math.BigInteger;
import java.util.Locale;
import java.util.Optional;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.constructor.Construct;
import org.yaml.snakeyaml.constructor.SafeConstructor;
import org.yaml.snakeyaml.error.YAMLException;
import org.yaml.snakeyaml.nodes.Node;
import org.yaml.snakeyaml.nodes.ScalarNode;
import org.yaml.snakeyaml.nodes.SequenceNode;
import org.yaml.snakeyaml.nodes.Tag;

/** Values of single nodes: YAML 1.1's types of plain scalars, and their names in messages. */
final class Nodes {
    private static final int SHOWN = 60;

    private Nodes() {}

    static boolean isNull(Node node) {
        return node instanceof ScalarNode && node.getTag().equals(Tag.NULL);
    }

    /**
     * A scalar's value as Double, Long, Boolean or String; a whole number too large for a long is a
     * Double, a date is a String.
     *
     * @throws NumberFormatException if an explicit tag claims a type that the text does not have
     */
    static Object value(ScalarNode node) {
        if (node.getTag().equals(Tag.BOOL)) {
            return truth(node);
        }
        if (node.getTag().equals(Tag.INT)) {
            return new Numbers().whole(node);
        }
        return node.getTag().equals(Tag.FLOAT) ? new Numbers().real(node) : node.getValue();
    }

    /** As {@link #value}; empty where {@link NodeCheck} has reported the tag. */
    static Optional<Object> tryValue(ScalarNode node) {
        try {
            return Optional.of(value(node));
        } catch (NumberFormatException e) {
            return Optional.empty();
        }
    }

    private static Boolean truth(ScalarNode node) {
        return switch (node.getValue().toLowerCase(Locale.ROOT)) {
            case "true", "yes", "on" -> true;
            case "false", "no", "off" -> false;
            default -> throw new NumberFormatException("not a boolean");
        };
    }

    /**
     * The text of a scalar that is a string, and not a number, a boolean or null. A tag without a
     * meaning is reported by {@link NodeCheck}; its text is taken, so that it is reported once.
     */
    static Optional<String> string(Node node) {
        boolean text =
                node instanceof ScalarNode
                        && (node.getTag().equals(Tag.STR)
                                || node.getTag().equals(Tag.TIMESTAMP)
                                || node.getTag().equals(Tag.MERGE)
                                || !NodeCheck.TAGS.contains(node.getTag()));
        return text ? Optional.of(((ScalarNode) node).getValue()) : Optional.empty();
    }

    /** For "got ...". */
    static String describe(Node node) {
        if (isNull(node)) {
            return "nothing";
        }
        if (node instanceof ScalarNode scalar) {
            return string(node).isPresent() ? quote(scalar.getValue()) : scalar.getValue();
        }
        if (node instanceof SequenceNode list) {
            return list.getValue().isEmpty() ? "an empty list" : "a list";
        }
        return "a mapping";
    }

    /** A user's text between single quotes, and not too long. */
    static String quote(String text) {
        return text.length() <= SHOWN ? "'" + text + "'" : "'" + text.substring(0, SHOWN) + "...'";
    }

    /** SnakeYAML's reading of octal, hexadecimal and sexagesimal numbers. */
    private static final class Numbers extends SafeConstructor {
        Numbers() {
            super(new LoaderOptions());
        }

        Number whole(ScalarNode node) {
            Number number = number(new ConstructYamlInt(), node);
            if (number instanceof BigInteger) {
                return number.doubleValue();
            }
            return number.longValue();
        }

        Double real(ScalarNode node) {
            return number(new ConstructYamlFloat(), node).doubleValue();
        }

        /**
         * What is no number is said by several exceptions: texts that are empty or only a sign have
         * their own.
         */
        private static Number number(Construct construct, ScalarNode node) {
            try {
                return (Number) construct.construct(node);
            } catch (YAMLException | IndexOutOfBoundsException e) {
                throw new NumberFormatException(e.getMessage());
            }
        }
    }
}
