package io.amalgam.internal.lora;

import java.util.HashMap;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;

/** Regular expressions of settings, which are Python's, as Java's. */
public final class PythonPattern {
    private static final String GROUP = "(?P<";
    private static final String REFERENCE = "(?P=";

    private PythonPattern() {}

    /**
     * The pattern of a text that Python's {@code re} takes.
     *
     * @throws PatternSyntaxException if the text is no such expression, or one that Java has no
     *     like of
     */
    public static Pattern compile(String text) {
        StringBuilder java = new StringBuilder();
        // Java's names of groups have no underscores.
        Map<String, String> groups = new HashMap<>();
        int classStart = -1;
        int at = 0;
        while (at < text.length()) {
            char c = text.charAt(at);
            if (c == '\\' && at + 1 < text.length()) {
                char escaped = text.charAt(at + 1);
                java.append(c).append(escaped == 'Z' ? 'z' : escaped);
                at += 2;
            } else if (classStart >= 0) {
                boolean first = at == classStart + 1;
                if (c == ']' && !first) {
                    classStart = -1;
                } else if (c == '^' && first) {
                    classStart++;
                } else if (c == '[' || c == '&' || c == ']') {
                    // Literal in Python; Java nests and intersects.
                    java.append('\\');
                }
                java.append(c);
                at++;
            } else if (text.startsWith(GROUP, at)) {
                int end = end(text, '>', at);
                String group = "g" + groups.size();
                groups.put(text.substring(at + GROUP.length(), end), group);
                java.append("(?<").append(group).append('>');
                at = end + 1;
            } else if (text.startsWith(REFERENCE, at)) {
                int end = end(text, ')', at);
                String group = groups.get(text.substring(at + REFERENCE.length(), end));
                if (group == null) {
                    throw new PatternSyntaxException("no such group", text, at);
                }
                java.append("\\k<").append(group).append('>');
                at = end + 1;
            } else {
                if (c == '[') {
                    classStart = at;
                }
                java.append(c);
                at++;
            }
        }
        return Pattern.compile(java.toString());
    }

    private static int end(String text, char last, int at) {
        int end = text.indexOf(last, at);
        if (end < 0) {
            throw new PatternSyntaxException("the name of a group does not end", text, at);
        }
        return end;
    }
}
