package io.amalgam.golden;

import io.amalgam.formats.safetensors.SafetensorsFile;
import java.io.IOException;
import java.nio.file.Path;

/** How far a merge is from an expected one, by the largest change that was expected. */
final class Changes {
    private Changes() {}

    /** The largest over all tensors of {@code max|ours - theirs| / max|theirs - base|}. */
    static double deviation(Path ours, Path theirs, Path base) throws IOException {
        double furthest = 0;
        try (SafetensorsFile a = SafetensorsFile.open(ours);
                SafetensorsFile b = SafetensorsFile.open(theirs);
                SafetensorsFile origin = SafetensorsFile.open(base)) {
            for (String name : b.tensors().keySet()) {
                float[] from = origin.floats(name);
                furthest = Math.max(furthest, of(a.floats(name), b.floats(name), from));
            }
        }
        return furthest;
    }

    /** Infinite where something is NaN, or should not have changed. */
    static double of(float[] ours, float[] theirs, float[] base) {
        double largest = 0;
        double furthest = 0;
        for (int i = 0; i < theirs.length; i++) {
            largest = Math.max(largest, Math.abs((double) theirs[i] - base[i]));
            double distance = Math.abs((double) ours[i] - theirs[i]);
            furthest = distance <= furthest ? furthest : distance >= 0 ? distance : 1 / 0.0;
        }
        return furthest == 0 ? 0 : furthest / largest;
    }
}
