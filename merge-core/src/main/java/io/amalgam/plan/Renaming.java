package io.amalgam.plan;

import io.amalgam.recipe.ModelRef;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;

/**
 * What a model writes differently from the one whose tensor names a merge takes over.
 *
 * @param model whose names are written otherwise
 * @param from how its names begin, with {@code #} for numbers
 * @param to how they begin in the merge
 * @param tensors how many
 */
public record Renaming(ModelRef model, String from, String to, int tensors) {
    private static final Pattern NUMBER = Pattern.compile("(?<=^|\\.)\\d+(?=\\.|$)");

    private record Ends(String from, String to) {}

    /** What is different in pairs of names, each said once. */
    public static List<Renaming> of(ModelRef model, Map<String, String> partners) {
        Map<Ends, Integer> counts = new LinkedHashMap<>();
        partners.forEach(
                (from, to) ->
                        counts.merge(
                                different(layersTogether(from), layersTogether(to)),
                                1,
                                Integer::sum));
        List<Renaming> renamings = new ArrayList<>();
        counts.forEach(
                (ends, tensors) -> renamings.add(new Renaming(model, ends.from, ends.to, tensors)));
        return renamings;
    }

    private static String layersTogether(String name) {
        return NUMBER.matcher(name).replaceAll("#");
    }

    /** Names up to where they end alike, in whole parts; neither is empty. */
    private static Ends different(String from, String to) {
        int same = 0;
        for (int i = 1; i <= Math.min(from.length(), to.length()); i++) {
            boolean part = from.length() == i || from.charAt(from.length() - i - 1) == '.';
            boolean other = to.length() == i || to.charAt(to.length() - i - 1) == '.';
            if (from.charAt(from.length() - i) != to.charAt(to.length() - i)) {
                break;
            }
            if (part && other && i < from.length() && i < to.length()) {
                same = i;
            }
        }
        return new Ends(
                from.substring(0, from.length() - same), to.substring(0, to.length() - same));
    }

    /** As a line: {@code model.language_model.* as language_model.model.* (62 tensors)}. */
    public String describe() {
        String many = tensors == 1 ? " (1 tensor)" : " (" + tensors + " tensors)";
        return star(from) + " as " + star(to) + many;
    }

    private static String star(String start) {
        return start.endsWith(".") ? start + "*" : start;
    }
}
