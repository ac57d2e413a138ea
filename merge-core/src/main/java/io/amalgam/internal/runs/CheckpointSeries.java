package io.amalgam.internal.runs;

import io.amalgam.error.BadInputException;
import io.amalgam.error.Problem;
import java.io.IOException;
import java.math.BigInteger;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;

/** Checkpoints of one run, named by a pattern or by the folder that holds them. */
public final class CheckpointSeries {
    private static final Pattern PIECE = Pattern.compile("\\d+|\\D+");

    /** By the numbers in names: checkpoint-500 comes before checkpoint-1000. */
    static final Comparator<Path> BY_NUMBER =
            (a, b) -> compareNames(a.getFileName().toString(), b.getFileName().toString());

    private CheckpointSeries() {}

    /**
     * The models of a series, in order: those a pattern matches, or a folder holds, by the numbers
     * in their names; a model itself otherwise.
     *
     * @param isModel whether a folder is a model
     * @param leftOut gets those found that are averages of an earlier run
     * @throws BadInputException if there is none
     */
    public static List<Path> series(Path named, Predicate<Path> isModel, Consumer<Path> leftOut)
            throws IOException {
        List<Path> found = new ArrayList<>();
        Path name = named.getFileName();
        if (Files.isDirectory(named) && !isModel.test(named)) {
            list(named, "*", isModel, found);
        } else if (!Files.exists(named) && name != null && isPattern(name.toString())) {
            Path folder = named.getParent();
            list(folder == null ? Path.of("") : folder, name.toString(), isModel, found);
        } else {
            return List.of(named);
        }
        List<Path> averages = new ArrayList<>();
        for (Path model : found) {
            if (EarlierAverage.isOne(model)) {
                averages.add(model);
            }
        }
        found.removeAll(averages);
        averages.forEach(leftOut);
        if (found.isEmpty()) {
            String got = averages.isEmpty() ? "none" : "only averages of an earlier run";
            throw new BadInputException(
                    Problem.expected("'" + named + "'", "checkpoints", got)
                            .hint(
                                    "name models, a folder that holds their folders, or a pattern in quotes"));
        }
        found.sort(BY_NUMBER);
        return found;
    }

    private static void list(Path folder, String pattern, Predicate<Path> isModel, List<Path> found)
            throws IOException {
        if (!Files.isDirectory(folder)) {
            return;
        }
        try (DirectoryStream<Path> entries = Files.newDirectoryStream(folder, pattern)) {
            for (Path entry : entries) {
                boolean file =
                        entry.toString().endsWith(".safetensors") && Files.isRegularFile(entry);
                if (file || isModel.test(entry)) {
                    found.add(entry);
                }
            }
        } catch (PatternSyntaxException e) {
            throw new BadInputException(
                    RecipePaths.badPattern("checkpoints", folder.resolve(pattern).toString(), e));
        }
    }

    private static boolean isPattern(String name) {
        return name.contains("*") || name.contains("?") || name.contains("[");
    }

    private static int compareNames(String a, String b) {
        Matcher left = PIECE.matcher(a);
        Matcher right = PIECE.matcher(b);
        while (left.find() && right.find()) {
            boolean numbers =
                    Character.isDigit(left.group().charAt(0))
                            && Character.isDigit(right.group().charAt(0));
            int order =
                    numbers
                            ? new BigInteger(left.group()).compareTo(new BigInteger(right.group()))
                            : left.group().compareTo(right.group());
            if (order != 0) {
                return order;
            }
        }
        return a.compareTo(b);
    }
}
