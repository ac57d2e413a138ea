package io.amalgam.golden;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;

/**
 * Small changes to a recipe's text: lines lost, doubled and moved, odd values, stray characters.
 */
final class Mutations {
    private static final List<String> PIECES =
            List.of(
                    "null",
                    "-1",
                    "1e400",
                    ".nan",
                    "[]",
                    "{}",
                    "[[1]]",
                    "\"x\"",
                    "true",
                    "!!python/object:x {}",
                    "&a",
                    "*a",
                    "<<: *a",
                    "0x10",
                    "1_000",
                    "9".repeat(40),
                    "\t",
                    "\u202e",
                    "models:",
                    "slices:",
                    "- ",
                    "? a",
                    "|",
                    ">",
                    "%YAML 1.2",
                    "---",
                    "...",
                    "name: x",
                    "model: ../../../etc/passwd",
                    "layer_range: [3, 1]",
                    "layer_range: [0, 99999999999]",
                    "density: [0, .inf]",
                    "filter: \"\"",
                    "weight: {filter: x}");
    private static final String CHARACTERS = "{}[],:&*#?|-<>=!%@`'\"\\ \u0007\u00e9";
    private static final List<String> PATHS =
            List.of("models//", "./models/", "modelz/", "models/../models/", "");

    private final Random random;

    Mutations(long seed) {
        this.random = new Random(seed);
    }

    <T> T any(List<T> all) {
        return all.get(random.nextInt(all.size()));
    }

    String of(String text) {
        List<String> lines = new ArrayList<>(Arrays.asList(text.split("\n", -1)));
        int changes = 1 + random.nextInt(3);
        for (int i = 0; i < changes; i++) {
            change(lines, random.nextInt(lines.size()));
        }
        return String.join("\n", lines);
    }

    private void change(List<String> lines, int at) {
        String line = lines.get(at);
        switch (random.nextInt(7)) {
            case 0 -> {
                if (lines.size() > 1) {
                    lines.remove(at);
                }
            }
            case 1 -> lines.add(at, any(lines));
            case 2 -> lines.set(at, " ".repeat(random.nextInt(7)) + line.stripLeading());
            case 3 -> {
                int colon = line.indexOf(':');
                lines.set(at, line.substring(0, colon + 1) + " " + any(PIECES));
            }
            case 4 -> lines.add(at, any(PIECES));
            case 5 -> {
                int place = random.nextInt(line.length() + 1);
                char stray = CHARACTERS.charAt(random.nextInt(CHARACTERS.length()));
                lines.set(at, line.substring(0, place) + stray + line.substring(place));
            }
            default -> lines.set(at, line.replace("models/", any(PATHS)));
        }
    }
}
