package io.amalgam.internal.align.groups;

import io.amalgam.tensor.Shape;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A model's tensors by the modules they belong to, in the natural order of their names. */
final class Modules {
    private static final Pattern NUMBER = Pattern.compile("\\d+");
    private static final Pattern PART = Pattern.compile("\\d+|\\D+");

    /** Numbers count as numbers: {@code layer.9} comes before {@code layer.10}. */
    static final Comparator<String> NATURAL = Comparator.comparing(Modules::padded);

    private final TreeMap<String, Map<String, Shape>> modules = new TreeMap<>(NATURAL);

    Modules(Map<String, Shape> shapes) {
        shapes.forEach(
                (name, shape) ->
                        modules.computeIfAbsent(owner(name), unused -> new LinkedHashMap<>())
                                .put(name, shape));
    }

    private static String padded(String name) {
        Matcher matcher = NUMBER.matcher(name);
        StringBuilder padded = new StringBuilder();
        while (matcher.find()) {
            matcher.appendReplacement(
                    padded, "0".repeat(Math.max(0, 9 - matcher.group().length())));
            padded.append(matcher.group());
        }
        return matcher.appendTail(padded).append(' ').append(name).toString();
    }

    /** Whether two names are one up to a number, and then another number. */
    static boolean differInNumber(String one, String other) {
        Matcher a = PART.matcher(one);
        Matcher b = PART.matcher(other);
        while (a.find() && b.find()) {
            if (!a.group().equals(b.group())) {
                return isNumber(a.group()) && isNumber(b.group());
            }
        }
        return false;
    }

    private static boolean isNumber(String part) {
        return Character.isDigit(part.charAt(0));
    }

    /** The module a tensor belongs to; of a parameter without one the name itself. */
    static String owner(String tensor) {
        int dot = tensor.lastIndexOf('.');
        return dot < 0 ? tensor : tensor.substring(0, dot);
    }

    static String parent(String module) {
        int dot = module.lastIndexOf('.');
        return dot < 0 ? "" : module.substring(0, dot);
    }

    static String leaf(String module) {
        return module.substring(module.lastIndexOf('.') + 1);
    }

    Collection<String> names() {
        return modules.keySet();
    }

    Map<String, Shape> tensors(String module) {
        return modules.getOrDefault(module, Map.of());
    }

    /** Names of a module's vectors. */
    List<String> vectors(String module) {
        List<String> vectors = new ArrayList<>();
        tensors(module)
                .forEach(
                        (name, shape) -> {
                            if (shape.rank() == 1) {
                                vectors.add(name);
                            }
                        });
        return vectors;
    }
}
