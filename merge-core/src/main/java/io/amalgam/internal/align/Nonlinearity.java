package io.amalgam.internal.align;

import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** What a layer's outputs go through before the next layer reads them. */
enum Nonlinearity {
    NONE(),
    RELU("relu"),
    SILU("silu", "swish"),
    GELU("gelu", "gelu_new", "gelu_pytorch_tanh", "gelu_fast"),
    TANH("tanh");

    @SuppressWarnings("ImmutableEnumChecker") // Made by List.of.
    private final List<String> names;

    Nonlinearity(String... names) {
        this.names = List.of(names);
    }

    static Optional<Nonlinearity> of(String name) {
        for (Nonlinearity each : values()) {
            boolean plain = each.name().toLowerCase(Locale.ROOT).equals(name);
            if (plain || each.names.contains(name)) {
                return Optional.of(each);
            }
        }
        return Optional.empty();
    }

    void apply(float[] values) {
        for (int i = 0; i < values.length; i++) {
            double x = values[i];
            values[i] =
                    switch (this) {
                        case NONE -> values[i];
                        case RELU -> Math.max(0, values[i]);
                        case SILU -> (float) (x / (1 + Math.exp(-x)));
                        case GELU ->
                                (float)
                                        (x
                                                / 2
                                                * (1
                                                        + Math.tanh(
                                                                0.7978845608
                                                                        * (x
                                                                                + 0.044715 * x * x
                                                                                        * x))));
                        case TANH -> (float) Math.tanh(x);
                    };
        }
    }
}
