package io.amalgam.internal.runs;

import io.amalgam.error.BadInputException;
import io.amalgam.error.Problem;
import io.amalgam.internal.checkpoint.WrittenPath;
import java.io.IOException;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.nio.file.PathMatcher;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;
import java.util.stream.Stream;

/** The recipe files that arguments name: files, folders of them, and patterns no shell expanded. */
public final class RecipePaths {
    private static final Pattern SPECIAL = Pattern.compile("[*?\\[{]");

    private final List<Path> files = new ArrayList<>();
    private final Set<Path> seen = new HashSet<>();
    private final List<Problem> problems = new ArrayList<>();
    private final Path output;

    private RecipePaths(Path output) {
        this.output = output.toAbsolutePath().normalize();
    }

    /**
     * The files in the order of the arguments, those of one argument by name, each once.
     *
     * @param output where merges go: what is there is not found by patterns
     * @throws BadInputException for every argument that names none
     */
    public static List<Path> of(List<String> arguments, Path output) throws IOException {
        RecipePaths paths = new RecipePaths(output);
        for (String argument : arguments) {
            try {
                paths.add(argument);
            } catch (BadInputException e) {
                paths.problems.addAll(e.problems());
            }
        }
        if (!paths.problems.isEmpty()) {
            throw new BadInputException(paths.problems);
        }
        return paths.files;
    }

    private void add(String argument) throws IOException {
        Optional<Path> path = path(argument);
        Optional<Path> there = path.filter(Files::exists);
        boolean folder = there.filter(Files::isDirectory).isPresent();
        boolean pattern = there.isEmpty() && SPECIAL.matcher(argument).find();
        List<Path> found = there.map(List::of).orElse(List.of());
        if (folder) {
            found = recipesIn(there.get());
        } else if (pattern) {
            found = matching(argument);
        }
        for (Path file : found) {
            // A shell's pipe is a link to what no path leads to.
            Path real = Files.isRegularFile(file) ? file.toRealPath() : file.toAbsolutePath();
            if (seen.add(real)) {
                files.add(file);
            }
        }
        if (found.isEmpty()) {
            String got =
                    folder
                            ? "a folder without .yml or .yaml files"
                            : pattern ? "a pattern that no file fits" : "nothing there";
            problems.add(
                    Problem.expected(
                                    "recipes '" + argument + "'",
                                    "a file, a folder or a pattern",
                                    got)
                            .hint(
                                    WrittenPath.didYouMean(
                                            path.filter(named -> !folder && !pattern).stream()
                                                    .toList(),
                                            "check the path")));
        }
    }

    private static Optional<Path> path(String argument) {
        try {
            return Optional.of(Path.of(argument));
        } catch (InvalidPathException e) {
            // On Windows a path has no stars.
            return Optional.empty();
        }
    }

    private static List<Path> recipesIn(Path folder) throws IOException {
        try (Stream<Path> entries = Files.list(folder)) {
            return entries.filter(RecipePaths::isRecipe).sorted().toList();
        }
    }

    private static boolean isRecipe(Path file) {
        String name = file.getFileName().toString();
        return Files.isRegularFile(file) && (name.endsWith(".yml") || name.endsWith(".yaml"));
    }

    private static PathMatcher matcher(String argument, String pattern) {
        try {
            return FileSystems.getDefault().getPathMatcher("glob:" + pattern);
        } catch (PatternSyntaxException e) {
            throw new BadInputException(badPattern("recipes", argument, e));
        }
    }

    /** A pattern whose brackets do not close, or that is wrong in another way. */
    static Problem badPattern(String what, String argument, PatternSyntaxException e) {
        return Problem.expected(
                        what + " '" + argument + "'",
                        "a path or a pattern",
                        "a pattern that cannot be read: "
                                + e.getDescription().toLowerCase(Locale.ROOT))
                .hint("check the path; '\\' before '[', '{', '*' and '?' takes them as they are");
    }

    private List<Path> matching(String pattern) throws IOException {
        Matcher special = SPECIAL.matcher(pattern);
        int first = special.find() ? special.start() : pattern.length();
        int slash = pattern.lastIndexOf('/', first);
        String start = pattern.substring(0, slash + 1);
        Path folder = Path.of(start);
        if (!Files.isDirectory(folder)) {
            return List.of();
        }
        String rest = pattern.substring(slash + 1);
        PathMatcher matcher = matcher(pattern, rest);
        int depth =
                rest.contains("**")
                        ? Integer.MAX_VALUE
                        : (int) rest.chars().filter(c -> c == '/').count() + 1;
        try (Stream<Path> all = Files.walk(folder, depth)) {
            return all.filter(Files::isRegularFile)
                    .filter(file -> matcher.matches(folder.relativize(file)))
                    .filter(file -> !file.toAbsolutePath().normalize().startsWith(output))
                    .sorted()
                    .toList();
        }
    }
}
