package io.amalgam.cli;

import io.amalgam.Formats;
import io.amalgam.lora.WeightedAdapter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * An adapter as the command line names it, {@code PATH} or {@code PATH:WEIGHT}.
 *
 * @param weight 1 where none is written
 */
record WeightedPath(String path, double weight) {

    /** A path that exists as it stands is one; else a number behind the last colon is a weight. */
    static WeightedPath parse(String word) {
        int colon = word.lastIndexOf(':');
        if (colon > 0 && !Files.exists(Path.of(word))) {
            try {
                double weight = Double.parseDouble(word.substring(colon + 1));
                if (Double.isFinite(weight)) {
                    return new WeightedPath(word.substring(0, colon), weight);
                }
            } catch (NumberFormatException e) {
                return new WeightedPath(word, 1);
            }
        }
        return new WeightedPath(word, 1);
    }

    /** Opens adapters; if one cannot be opened, all are closed. */
    static List<WeightedAdapter> open(Formats formats, List<WeightedPath> paths)
            throws IOException {
        List<WeightedAdapter> opened = new ArrayList<>();
        try {
            for (WeightedPath path : paths) {
                opened.add(
                        new WeightedAdapter(
                                formats.adapter(Path.of(path.path), path.path), path.weight));
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
