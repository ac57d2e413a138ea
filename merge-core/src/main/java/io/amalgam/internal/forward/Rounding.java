package io.amalgam.internal.forward;

import io.amalgam.internal.tensor.BFloat16;

/** The type that activations are rounded to after each operation. */
public enum Rounding {
    /** Nothing: float32. */
    NONE {
        @Override
        public float round(float value) {
            return value;
        }
    },
    /** bfloat16, to nearest, as other tools run the model that gives the gates. */
    BFLOAT16 {
        @Override
        public float round(float value) {
            return BFloat16.toFloat(BFloat16.fromFloat(value));
        }
    };

    public abstract float round(float value);
}
