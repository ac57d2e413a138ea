package io.amalgam.internal.method.common;

/** Sums of weights that results are divided by. Weights of both signs may cancel. */
public final class WeightSums {
    private WeightSums() {}

    /**
     * The largest magnitude of a sum of some of these weights that stands for 0: what rounding can
     * leave of 0.7 - 0.4 - 0.3. Exactly 0 where no two weights have opposite signs, since then
     * nothing cancels.
     */
    public static float rounding(float... weights) {
        float least = 0;
        float most = 0;
        for (float weight : weights) {
            least = Math.min(least, weight);
            most = Math.max(most, weight);
        }
        boolean cancels = least < 0 && most > 0;
        float step = Math.ulp(Math.max(most, -least));
        return cancels && Float.isFinite(step) ? weights.length * step : 0;
    }

    /** The sum of all weights; 0 if it is not above their {@link #rounding} to float32. */
    public static double sum(double... weights) {
        float[] rounded = new float[weights.length];
        double sum = 0;
        for (int i = 0; i < rounded.length; i++) {
            rounded[i] = (float) weights[i];
            sum += weights[i];
        }
        return Math.abs(sum) <= rounding(rounded) ? 0 : sum;
    }
}
