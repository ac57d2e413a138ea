package io.amalgam.internal.structure.moe;

import io.amalgam.internal.tensor.BFloat16;

/** The type that activations are rounded to after each operation. */
enum Rounding {
    /** Nothing: float32. */
    NONE {
        @Override
        float round(float value) {
            return value;
        }
    },
    /** bfloat16, to nearest, as other tools run the model that gives the gates. */
    BFLOAT16 {
        @Override
        float round(float value) {
            return BFloat16.toFloat(BFloat16.fromFloat(value));
        }
    };

    abstract float round(float value);
}
