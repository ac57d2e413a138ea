package io.amalgam.samples;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * The held-out handwritten digits in four views: plain, and the three the experts were trained for.
 *
 * @param labels what the digits are, 0 to 9
 * @param views by name: one 8 x 8 image a row, pixels from 0 (paper) to 1 (ink)
 */
record Digits(int[] labels, Map<String, INDArray> views) {
    /** The folder of the samples: models and data lie in it. */
    static final Path HOME = Path.of(System.getProperty("samples.home", "."));

    private static final int SIDE = 8;
    private static final int PIXELS = SIDE * SIDE;
    private static final float INK = 16;

    static Path model(String name) {
        return HOME.resolve("models/digits").resolve(name);
    }

    /** Reads {@code data/digits-test.csv}: a label, then the pixels row by row, 0 to 16. */
    static Digits read() throws IOException {
        List<String> lines = Files.readAllLines(HOME.resolve("data/digits-test.csv"));
        int[] labels = new int[lines.size() - 1];
        float[][] images = new float[labels.length][PIXELS];
        for (int i = 0; i < labels.length; i++) {
            String[] fields = lines.get(i + 1).split(",", -1);
            labels[i] = Integer.parseInt(fields[0]);
            for (int pixel = 0; pixel < PIXELS; pixel++) {
                images[i][pixel] = Integer.parseInt(fields[pixel + 1]) / INK;
            }
        }
        return new Digits(labels, views(Nd4j.createFromArray(images)));
    }

    private static Map<String, INDArray> views(INDArray plain) {
        IntStream pixels = IntStream.range(0, PIXELS);
        int[] mirrored = pixels.map(p -> p / SIDE * SIDE + SIDE - 1 - p % SIDE).toArray();
        // A quarter turn anticlockwise: the right column becomes the top row.
        IntStream turning = IntStream.range(0, PIXELS);
        int[] rotated = turning.map(p -> p % SIDE * SIDE + SIDE - 1 - p / SIDE).toArray();
        Map<String, INDArray> views = new LinkedHashMap<>();
        views.put("plain", plain);
        views.put("rotated", plain.getColumns(rotated));
        views.put("inverted", plain.rsub(1));
        views.put("mirrored", plain.getColumns(mirrored));
        return views;
    }
}
