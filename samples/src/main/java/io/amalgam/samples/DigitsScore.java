package io.amalgam.samples;

import io.amalgam.formats.safetensors.SafetensorsFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.IntStream;

/**
 * Scores a digits model: {@code DigitsScore even|odd CHECKPOINT} prints how much of every other
 * held-out image it reads rightly in the experts' three views. Plain Java, so that it starts fast.
 */
public final class DigitsScore {
    private DigitsScore() {}

    public static void main(String... args) throws IOException {
        if (args.length != 2 || !List.of("even", "odd").contains(args[0])) {
            throw new IllegalArgumentException("usage: DigitsScore even|odd CHECKPOINT");
        }
        Path data = Path.of(System.getProperty("samples.home", "."), "data/digits-test.csv");
        List<String> lines = Files.readAllLines(data);
        float[][] weights = new float[6][];
        try (SafetensorsFile model = SafetensorsFile.open(Path.of(args[1], "model.safetensors"))) {
            for (int i = 0; i < 6; i++) {
                weights[i] = model.floats("fc" + (i / 2 + 1) + (i % 2 == 0 ? ".weight" : ".bias"));
            }
        }
        double right = 0;
        int all = 0;
        for (int i = args[0].equals("even") ? 2 : 1; i < lines.size(); i += 2, all++) {
            String[] image = lines.get(i).split(",", -1);
            float[][] views = new float[3][64];
            for (int p = 0; p < 64; p++) {
                views[0][p] = Integer.parseInt(image[1 + p % 8 * 8 + 7 - p / 8]) / 16f;
                views[1][p] = 1 - Integer.parseInt(image[1 + p]) / 16f;
                views[2][p] = Integer.parseInt(image[1 + p / 8 * 8 + 7 - p % 8]) / 16f;
            }
            for (float[] view : views) {
                right += named(weights, view) == Integer.parseInt(image[0]) ? 1.0 / 3 : 0;
            }
        }
        System.out.println(right / all);
    }

    private static int named(float[][] weights, float[] view) {
        float[][] x = {view};
        for (int layer = 0; layer < 6; layer += 2) {
            float[] y = weights[layer + 1].clone();
            for (int i = 0; i < y.length; i++) {
                for (int j = 0; j < x[0].length; j++) {
                    y[i] += weights[layer][i * x[0].length + j] * x[0][j];
                }
                y[i] = layer < 4 ? Math.max(0, y[i]) : y[i];
            }
            x[0] = y;
        }
        return IntStream.range(0, x[0].length).reduce(0, (a, b) -> x[0][b] > x[0][a] ? b : a);
    }
}
