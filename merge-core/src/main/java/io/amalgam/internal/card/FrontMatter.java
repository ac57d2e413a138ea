package io.amalgam.internal.card;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** What a model's own README.md says of its licence, at the top level of its front matter. */
final class FrontMatter {
    static final String README = "README.md";

    /** A licence by the hub's names, and what belongs to one it has no name for. */
    private static final Pattern LINE =
            Pattern.compile(
                    "(license|license_name|license_link)\\s*:\\s*(['\"]?)([^'\"#]*)\\2\\s*");

    private static final Pattern PLAIN = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._:/+-]*");

    /** A card is text; what is larger is something else. */
    private static final long LARGEST = 1 << 22;

    private FrontMatter() {}

    /**
     * The lines about the licence, as they can be written again.
     *
     * @return empty if there is no card, or nothing in it that can be understood
     */
    static Optional<Map<String, String>> licence(Path model) throws IOException {
        Path file = model.resolve(README);
        if (!Files.isRegularFile(file) || Files.size(file) > LARGEST) {
            return Optional.empty();
        }
        String text = new String(Files.readAllBytes(file), StandardCharsets.UTF_8);
        Map<String, String> found = new LinkedHashMap<>();
        boolean inside = false;
        for (String line : text.lines().toList()) {
            boolean fence = line.stripTrailing().equals("---");
            if (fence && inside) {
                break;
            }
            if (!fence && !inside) {
                return Optional.empty();
            }
            inside = true;
            Matcher match = LINE.matcher(line);
            if (match.matches() && PLAIN.matcher(match.group(3).strip()).matches()) {
                found.put(match.group(1), match.group(3).strip());
            }
        }
        return found.containsKey("license") ? Optional.of(found) : Optional.empty();
    }
}
