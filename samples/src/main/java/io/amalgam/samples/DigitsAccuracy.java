package io.amalgam.samples;

import io.amalgam.Checkpoints;
import io.amalgam.OpenModel;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/**
 * Prints how well checkpoints read the held-out digits: those named as arguments, or else the base,
 * the experts and the merges in {@code out}.
 */
public final class DigitsAccuracy {
    private DigitsAccuracy() {}

    public static void main(String... args) throws IOException {
        List<Path> checkpoints = args.length > 0 ? Stream.of(args).map(Path::of).toList() : usual();
        Classifier classifier = new Classifier(Digits.read());
        System.out.println(Classifier.HEADER);
        for (Path checkpoint : checkpoints) {
            try (OpenModel model = Checkpoints.open(checkpoint)) {
                System.out.println(
                        model.names().contains("fc3.weight")
                                ? classifier.row(name(checkpoint), model.tensors())
                                : name(checkpoint) + ": not a classifier of digits");
            }
        }
    }

    private static String name(Path checkpoint) {
        return checkpoint.toAbsolutePath().normalize().getFileName().toString();
    }

    private static List<Path> usual() throws IOException {
        List<Path> all = new ArrayList<>();
        Stream.of("base", "expert-rotated", "expert-inverted", "expert-mirrored")
                .map(Digits::model)
                .forEach(all::add);
        Path out = Path.of("out");
        if (Files.isDirectory(out)) {
            try (Stream<Path> merges = Files.list(out)) {
                merges.filter(DigitsAccuracy::isDigits).sorted().forEach(all::add);
            }
        }
        return all;
    }

    /** Whether a folder holds a digits model; merges of other models may lie beside them. */
    private static boolean isDigits(Path folder) {
        try {
            Path config = folder.resolve("config.json");
            return Files.exists(config) && Files.readString(config).contains("\"digits-mlp\"");
        } catch (IOException unreadable) {
            return false;
        }
    }
}
