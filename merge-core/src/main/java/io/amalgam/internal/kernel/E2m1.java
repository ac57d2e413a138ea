package io.amalgam.internal.kernel;

/** The 4-bit floats of MXFP4 and NVFP4: a sign, two bits of exponent, one of fraction. */
public final class E2m1 {
    private static final float[] VALUES = {
        0f, 0.5f, 1f, 1.5f, 2f, 3f, 4f, 6f, -0f, -0.5f, -1f, -1.5f, -2f, -3f, -4f, -6f
    };

    private E2m1() {}

    /** The values of the 16 codes, in an array of the caller's own. */
    public static float[] values() {
        return VALUES.clone();
    }
}
