package io.amalgam.internal.align;

import java.util.Locale;
import java.util.Optional;

/** How the units of one model are found in another. */
public enum AlignMethod {
    /** By weights, one group after another until nothing changes. */
    WEIGHT_MATCHING,
    /** Optimal transport, layer by layer; widths may differ. */
    OT,
    /** By activations on the same inputs. */
    ACTIVATION_MATCHING;

    /** Its name in recipes. */
    public String text() {
        return name().toLowerCase(Locale.ROOT);
    }

    static Optional<AlignMethod> of(String text) {
        for (AlignMethod method : values()) {
            if (method.text().equals(text)) {
                return Optional.of(method);
            }
        }
        return Optional.empty();
    }
}
