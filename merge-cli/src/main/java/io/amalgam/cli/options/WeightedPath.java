package io.amalgam.cli.options;

import io.amalgam.ModelLoader;
import io.amalgam.error.BadInputException;
import io.amalgam.error.Problem;
import io.amalgam.internal.lora.WeightedAdapter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;

/**
 * An adapter as the command line names it, {@code PATH} or {@code PATH:WEIGHT}.
 *
 * @param weight 1 where none is written
 */
public record WeightedPath(String path, double weight) {

    private static final Pattern NUMBER =
            Pattern.compile("[+-]?(\\d+\\.?\\d*|\\.\\d+)([eE][+-]?\\d+)?");

    /**
     * A path that exists as it stands is one; else a number behind the last colon is a weight.
     *
     * @throws BadInputException if what is before the colon exists and what is behind it is no
     *     number
     */
    public static WeightedPath parse(String word) {
        int colon = word.lastIndexOf(':');
        if (colon <= 0 || exists(word)) {
            return new WeightedPath(word, 1);
        }
        String path = word.substring(0, colon);
        String text = word.substring(colon + 1);
        if (NUMBER.matcher(text).matches()) {
            double weight = Double.parseDouble(text);
            if (Double.isFinite(weight)) {
                return new WeightedPath(path, weight);
            }
        }
        if (exists(path)) {
            throw new BadInputException(
                    Problem.expected(
                                    "weight of adapter '" + path + "'",
                                    "a finite number",
                                    "'" + text + "'")
                            .hint("write it as in 'adapter:0.5'"));
        }
        return new WeightedPath(word, 1);
    }

    /** False for what is no path at all, as on Windows one with a colon inside. */
    private static boolean exists(String path) {
        try {
            return Files.exists(Path.of(path));
        } catch (InvalidPathException e) {
            return false;
        }
    }

    /** Opens adapters; if one cannot be opened, all are closed. */
    public static List<WeightedAdapter> open(ModelLoader formats, List<WeightedPath> paths)
            throws IOException {
        formats.announce(paths.stream().map(path -> Path.of(path.path)).toList());
        List<WeightedAdapter> opened = new ArrayList<>();
        try {
            for (WeightedPath path : paths) {
                opened.add(
                        new WeightedAdapter(
                                formats.adapter(
                                        formats.adapterPlace(Path.of(path.path)), path.path),
                                path.weight));
            }
            return opened;
        } catch (IOException | RuntimeException e) {
            for (WeightedAdapter weighted : opened) {
                weighted.adapter().close();
            }
            throw e;
        }
    }

    @Override
    public String toString() {
        return weight == 1 ? path : path + ":" + weight;
    }
}
