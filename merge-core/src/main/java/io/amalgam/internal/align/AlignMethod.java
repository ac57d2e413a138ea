package io.amalgam.internal.align;

import java.util.Locale;

/** How the units of one model are found in another. */
public enum AlignMethod {
    /** By weights, one group after another until nothing changes. */
    WEIGHT_MATCHING,
    /** Optimal transport, layer by layer; widths may differ. */
    OT,
    /** By activations on the same inputs. */
    ACTIVATION_MATCHING,
    /** The widest directions of a layer's weights, for a narrower model. */
    TRUNCATED_SVD;

    /** Its name in recipes. */
    public String text() {
        return name().toLowerCase(Locale.ROOT);
    }

    /** Whether the two models may have other widths. */
    boolean crossesWidths() {
        return this == OT || this == TRUNCATED_SVD;
    }
}
