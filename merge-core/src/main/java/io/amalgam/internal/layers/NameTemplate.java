package io.amalgam.internal.layers;

import java.util.ArrayList;
import java.util.List;

/**
 * A tensor name with its numbers taken out, so that all layers have one.
 *
 * @param text the name with {@code #} for every part that is a number
 * @param numbers those parts, in their order
 */
record NameTemplate(String text, List<String> numbers) {
    private static final String NUMBER = "#";

    static NameTemplate of(String name) {
        List<String> numbers = new ArrayList<>();
        StringBuilder text = new StringBuilder(name.length());
        int from = 0;
        while (from <= name.length()) {
            int dot = name.indexOf('.', from);
            int to = dot < 0 ? name.length() : dot;
            String part = name.substring(from, to);
            boolean number = !part.isEmpty() && part.chars().allMatch(c -> c >= '0' && c <= '9');
            if (number) {
                numbers.add(part);
            }
            text.append(from == 0 ? "" : ".").append(number ? NUMBER : part);
            from = to + 1;
        }
        return new NameTemplate(text.toString(), numbers);
    }

    /** The name that a template of as many numbers gives with this one's. */
    String in(String template) {
        StringBuilder name = new StringBuilder(template.length());
        int next = 0;
        for (int i = 0; i < template.length(); i++) {
            char c = template.charAt(i);
            if (c == NUMBER.charAt(0) && next < numbers.size()) {
                name.append(numbers.get(next++));
            } else {
                name.append(c);
            }
        }
        return name.toString();
    }
}
